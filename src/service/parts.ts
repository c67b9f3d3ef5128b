import type { ServiceSpec } from './service.ts';
import type { Component, FunctionPart, ModelServer } from './workload.ts';

/** A part of a service, as the sources have it. */
export type SourcePart = {
  /** `predictor`, `transformer`, `explainer`, `function`, or a name in `models`. */
  readonly part: string;
  /** Where it stands in the service: `predictor`, `models.embedder`. */
  readonly field: string;
} & (
  | { readonly kind: 'server'; readonly content: ModelServer }
  | { readonly kind: 'container'; readonly content: Component | FunctionPart }
);

/**
 * All parts of a service, in a fixed order.
 *
 * @example sourceParts(spec).map(({ field }) => field) // ['predictor', 'models.embedder', 'function']
 */
export function sourceParts({ predictor, transformer, explainer, models, function: fn }: ServiceSpec): SourcePart[] {
  const parts: SourcePart[] = [];
  if (predictor) parts.push({ part: 'predictor', field: 'predictor', kind: 'server', content: predictor });
  if (transformer) parts.push({ part: 'transformer', field: 'transformer', kind: 'container', content: transformer });
  if (explainer) parts.push({ part: 'explainer', field: 'explainer', kind: 'container', content: explainer });
  for (const [part, content] of Object.entries(models))
    parts.push({ part, field: `models.${part}`, kind: 'server', content });
  if (fn) parts.push({ part: 'function', field: 'function', kind: 'container', content: fn });
  return parts;
}
