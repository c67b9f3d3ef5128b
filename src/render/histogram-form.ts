import type { HistogramForm } from '../promql/histogram.ts';
import { exportedMetrics } from '../service/exports.ts';
import type { Target } from './target.ts';

/** How the Prometheus of a cluster keeps histograms that are exposed as classic ones: Istio's, those of model servers. */
export function formOfClassic({ cluster }: Pick<Target, 'cluster'>): HistogramForm {
  return cluster.prometheus?.nativeHistograms === 'converted' ? 'native' : 'classic';
}

/** How it keeps a histogram that parts of the service export. */
export function formOfExported({ cluster, spec }: Pick<Target, 'cluster' | 'spec'>, metric: string): HistogramForm {
  const native = exportedMetrics(spec).some((part) => part.native && part.metrics.includes(metric));
  return native ? 'native' : formOfClassic({ cluster });
}
