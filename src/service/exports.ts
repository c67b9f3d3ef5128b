import { sourceParts } from './parts.ts';
import type { ServiceSpec } from './service.ts';

/** The metrics that one part of a service says it exposes. */
export interface ExportedMetrics {
  readonly part: string;
  /** Where the part stands in the service: `predictor`, `models.embedder`. */
  readonly field: string;
  readonly metrics: readonly string[];
  /** The one of them that has the predictions. */
  readonly predictions: string | undefined;
  /** The others, by the feature that each observes. */
  readonly features: Readonly<Record<string, string>>;
  /** Bucket bounds, of the histograms for which they are declared. */
  readonly buckets: Readonly<Record<string, readonly number[]>>;
  /** Whether they are native histograms. */
  readonly native: boolean;
  /** Whether it counts what is wrong with its input. */
  readonly schema: boolean;
}

/** What each part of a service declares in `exports`, for all parts, in a fixed order. */
export function exportedMetrics(spec: ServiceSpec): ExportedMetrics[] {
  return sourceParts(spec).map(({ part, field, content }) => {
    const { predictions, features = {}, buckets = {}, native = false, schema = false } = content.exports ?? {};
    const metrics = [...(predictions === undefined ? [] : [predictions]), ...Object.values(features)];
    return { part, field, metrics, predictions, features, buckets, native, schema };
  });
}

/** The feature that a histogram observes, and `undefined` for predictions. */
export function featureOf(spec: ServiceSpec, metric: string): string | undefined {
  for (const { features } of exportedMetrics(spec)) {
    const found = Object.entries(features).find(([, histogram]) => histogram === metric);
    if (found) return found[0];
  }
  return undefined;
}
