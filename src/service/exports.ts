import type { ServiceSpec } from './service.ts';

/** The histograms that one part of a service says it exposes. */
export interface ExportedMetrics {
  readonly part: string;
  /** Where the part stands in the service: `predictor`, `models.embedder`. */
  readonly field: string;
  readonly metrics: readonly string[];
  /** The one of them that has the predictions. */
  readonly predictions: string | undefined;
}

/** What each part of a service declares in `exports`, for all parts, in a fixed order. */
export function exportedMetrics(spec: ServiceSpec): ExportedMetrics[] {
  const { predictor, transformer, explainer, function: fn, models } = spec;
  const parts = Object.entries({ predictor, transformer, explainer, function: fn }).map(([part, content]) => ({ part, field: part, content }));
  const more = Object.entries(models).map(([part, content]) => ({ part, field: `models.${part}`, content }));
  return [...parts, ...more].flatMap(({ part, field, content }) => {
    if (!content) return [];
    const { predictions, features } = content.exports ?? {};
    return [{ part, field, metrics: [...(predictions === undefined ? [] : [predictions]), ...Object.values(features ?? {})], predictions }];
  });
}
