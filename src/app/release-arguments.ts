import { answered, refused, type Answer } from '../core/answer.ts';
import { releaseFinding } from '../release/rules.ts';
import type { WantedModel } from './lock-models.ts';

const MODEL_FORMS =
  'main=corp/fraud-detector@champion, main=corp/fraud-detector:47 or main=s3://ml-models/fraud-detector/v47/';

/**
 * Models as the command line names them: `<part>=<registry>/<name>@<alias>`, `…:<version>` or a URI. `main` is the predictor.
 *
 * @example parseModels(['main=corp/fraud-detector@champion']).value // { predictor: { registry: 'corp', name: 'fraud-detector', alias: 'champion' } }
 */
export function parseModels(texts: readonly string[]): Answer<Readonly<Record<string, WantedModel>>> {
  return parseByPart(texts, MODEL_FORMS, (text) => {
    if (/^[a-z][a-z0-9+.-]*:\//i.test(text)) return { uri: text };
    // Names have slashes in some registries, and aliases nearly everything.
    const [, registry = '', name = '', sign, pick = ''] = /^([^/@:]+)\/([^@:]+)([@:])(.+)$/.exec(text) ?? [];
    if (sign === undefined) return undefined;
    const exact = sign === ':' || /^sha256:[0-9a-f]{64}$/.test(pick);
    return exact ? { registry, name, version: pick } : { registry, name, alias: pick };
  });
}

/**
 * Images as the command line names them: `<part>=<image>`. `main` is the predictor.
 *
 * @example parseImages(['function=registry.example.com/api:1.4.2']).value // { function: 'registry.example.com/api:1.4.2' }
 */
export function parseImages(texts: readonly string[]): Answer<Readonly<Record<string, string>>> {
  return parseByPart(texts, 'function=registry.example.com/api:1.4.2', (text) => (text === '' ? undefined : text));
}

function parseByPart<T>(
  texts: readonly string[],
  forms: string,
  parse: (text: string) => T | undefined,
): Answer<Readonly<Record<string, T>>> {
  const found = new Map<string, T>();
  for (const text of texts) {
    const [, name = '', rest = ''] = /^([a-z0-9-]+)=(.*)$/.exec(text) ?? [];
    const part = name === 'main' ? 'predictor' : name;
    const value = part === '' ? undefined : parse(rest);
    if (value === undefined) {
      // Not repeated: a URI may carry a token.
      const of = part === '' ? 'an argument' : `the argument for ${part}`;
      return refused(releaseFinding('release/request', {}, `${of} is not understood`, `write ${forms}`));
    }
    if (found.has(part))
      return refused(releaseFinding('release/request', {}, `part ${part} is given twice`, 'name each part once'));
    found.set(part, value);
  }
  return answered(Object.fromEntries(found));
}
