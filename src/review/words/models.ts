import { isKind, listAt, textAt } from '../read.ts';
import type { Said } from '../statement.ts';
import { servedRelease } from '../topology.ts';
import { differenceOf } from './difference.ts';
import { restart, told, within, type Part } from './part.ts';
import { mutableModel, shownUri } from './pins.ts';
import { phrase, type Phrase } from './said.ts';
import { isWas, shown } from './text.ts';

/** Which model is served, and by what. */

/** Sentences on a framework's field of a predictor: place of the model, runtime, protocol and format. */
export function modelSaid(part: Part): Said[] {
  const { who, change } = part;
  // A runtime that is called like its release changes with it.
  const own = servedRelease(change.before.object) !== undefined && servedRelease(change.after.object) !== undefined;
  const server = (before: unknown, after: unknown): (Phrase | undefined)[] => {
    const words = (name: string, of: (model: unknown) => string | undefined): Phrase | undefined => {
      const [old, now] = [of(before), of(after)];
      return old === now
        ? undefined
        : phrase(`${name} of ${who} ${isWas(now, old)}`, restart(part, 'with another server'));
    };
    return [
      own ? undefined : words('runtime', (model) => textAt(model, 'runtime')),
      words('protocol', (model) => textAt(model, 'protocolVersion')),
      words('model format', formatOf),
    ];
  };
  return [
    ...told(part, [['storageUri']], (before, after) => [
      modelWords(part, textAt(before, 'storageUri'), textAt(after, 'storageUri')),
    ]),
    ...told(part, [['runtime'], ['protocolVersion'], ['modelFormat']], server),
  ];
}

function formatOf(model: unknown): string | undefined {
  const [name, version] = [textAt(model, 'modelFormat', 'name'), textAt(model, 'modelFormat', 'version')];
  return name === undefined ? undefined : `${name}${version === undefined ? '' : ` ${version}`}`;
}

/** Sentences on the model and the adapters of an LLMInferenceService. */
export function languageModelSaid(whole: Part): Said[] {
  if (!isKind(whole.change.after.object, 'serving.kserve.io', 'LLMInferenceService')) return [];
  const part = within(whole, 'spec', 'model');
  const adapters = (model: unknown): Map<string, string> =>
    new Map(listAt(model, 'lora', 'adapters').map((item) => [textAt(item, 'name') ?? '', textAt(item, 'uri') ?? '']));
  return [
    ...told(part, [['uri']], (before, after) => [modelWords(part, textAt(before, 'uri'), textAt(after, 'uri'))]),
    ...told(part, [['lora']], (before, after) => {
      const text = differenceOf(
        adapters(before),
        adapters(after),
        (name, uri) => `${shown(name)} from ${shownUri(uri)}`,
      );
      return text === '' ? [] : [phrase(`adapters of ${part.who}: ${text}`, restart(part, 'with other adapters'))];
    }),
  ];
}

/** What is said of a model that comes from somewhere else: of another one, or of a copy of the same one. */
export function modelWords(part: Part, before: string | undefined, after: string | undefined): Phrase | undefined {
  if (before === after) return undefined;
  const [is, was] = [shownUri(after), shownUri(before)];
  const pins = mutableModel(part.stage, after);
  if (before !== undefined && after !== undefined && pathIn(before) === pathIn(after)) {
    return phrase(
      `${part.who} reads its model from ${is} (was ${was})`,
      restart(part, 'and read it from another place'),
      ...pins,
    );
  }
  return phrase(`model of ${part.who} is ${is} (was ${was})`, restart(part, 'with another model'), ...pins);
}

/** The path of a model below its bucket or host, which a mirror keeps; a place without one is its own path. */
function pathIn(uri: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]+\/+([^/?#].*)$/.exec(uri.slice(0, 2000))?.[1] ?? uri;
}
