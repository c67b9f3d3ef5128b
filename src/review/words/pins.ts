import type { KubeObject } from '../../core/object.ts';
import { movingImage } from '../../service/image.ts';
import { modelUriProblem } from '../../service/model-uri.ts';
import type { Reason } from '../plan.ts';
import { isKind, listAt, textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { MODELS, runningOf } from './running.ts';
import { shown } from './text.ts';

/** Images and models: how sentences show them, and whether they may be something else tomorrow. */

/** Longest image or place of a model that a sentence shows whole. */
const LONGEST = 160;

/** An image with the first digits of its digest. */
export function shownImage(image: string | undefined): string {
  return shown(image?.replace(/((?:^|@)sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…'), LONGEST);
}

/** Why an image may be another one tomorrow; none when it is pinned. */
export function mutableImage(stage: Stage, image: string | undefined): Reason[] {
  const moving = image === undefined ? undefined : movingImage(image);
  return moving === undefined ? [] : [reasonOf('risk/mutable', stage, `image ${shownImage(image)} ${shown(moving)}`)];
}

/** A place without user and query, which may hold a key. */
export function shownUri(uri: string | undefined): string {
  return shown(
    uri
      ?.slice(0, 2000)
      .replace(/(:\/\/)[^/\s]*@(?!sha256:)/, '$1')
      .replace(/[?#].*$/s, '?…'),
    LONGEST,
  );
}

/**
 * What the house says of a model that may be another one tomorrow; what else it says of a place, as that KServe does not load
 * it, is no matter of risk.
 */
const MAY_MOVE = /may mean another model|may move|means the branch|pins nothing/;

/** Why a place may hold another model tomorrow. */
export function mutableModel(stage: Stage, uri: string | undefined): Reason[] {
  const message = uri === undefined ? undefined : modelUriProblem(uri.slice(0, 2000))?.message;
  return message !== undefined && MAY_MOVE.test(message)
    ? [
        reasonOf(
          'risk/mutable',
          stage,
          message.length > 240 ? 'the place of the model may mean another one tomorrow' : message,
        ),
      ]
    : [];
}

/** Reasons why what an object runs may be something else tomorrow: images and models that are not pinned. */
export function mutableReasons(object: KubeObject, stage: Stage): Reason[] {
  const reasons = runningOf(object).flatMap(({ pod }) => [
    ...listAt(object, ...pod, 'containers').flatMap((container) => [
      ...mutableImage(stage, textAt(container, 'image')),
      ...listAt(container, 'env').flatMap((variable) =>
        textAt(variable, 'name') === 'STORAGE_URI' ? mutableModel(stage, textAt(variable, 'value')) : [],
      ),
    ]),
    ...MODELS.flatMap((name) => [
      ...mutableModel(stage, textAt(object, ...pod, name, 'storageUri')),
      ...mutableImage(stage, textAt(object, ...pod, name, 'image')),
    ]),
  ]);
  return [
    ...reasons,
    ...mutableModel(
      stage,
      isKind(object, 'serving.kserve.io', 'LLMInferenceService') ? textAt(object, 'spec', 'model', 'uri') : undefined,
    ),
  ];
}
