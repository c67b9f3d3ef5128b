import { compareText, type Finding, type Rule } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { expectedIn, isWidened, WINDOWS } from '../promql/catalogue/drift-window.ts';
import { chosenWindow, neededByDrift, neededBySchema } from '../render/prometheus-drift.ts';
import { scrapesOf } from '../render/scrape.ts';
import type { Target } from '../render/target.ts';
import { driftLimits, type DriftLimits } from '../service/drift.ts';
import { exportedMetrics } from '../service/exports.ts';
import type { Reference } from '../service/reference.ts';
import type { ServiceSpec } from '../service/service.ts';
import { reporter, type Report } from './report.ts';

/** Rules on what is watched of predictions, features and input: a rule that could never fire is a mistake. */
export const DRIFT_RULES: readonly Rule[] = [
  {
    id: 'monitoring/metric-not-exported',
    severity: 'error',
    summary: 'The metric of a drift rule is declared in the exports of a part.',
    source:
      "KServe's servers (v0.20.0 python/kserve/kserve/metrics.py) export durations only, no predictions and no features",
  },
  {
    id: 'monitoring/metric-not-scraped',
    severity: 'error',
    summary: 'A part that exports the metric of a drift rule has a metrics endpoint.',
    source: 'A PodMonitor scrapes declared endpoints only; without one the rule never has data',
  },
  {
    id: 'monitoring/exports-of-runtime',
    severity: 'warning',
    summary: 'Exported metrics come from an image that was made to expose them.',
    source: 'kserve v0.20.0 python/kserve/kserve/metrics.py: durations only; the other servers expose no values either',
  },
  {
    id: 'monitoring/native-histogram',
    severity: 'error',
    summary: 'Native histograms that a part exports are kept by the Prometheus of the cluster.',
    source:
      'prometheus 3.9 docs/configuration scrape_native_histograms, off by default: without it a scrape leaves them out',
  },
  {
    id: 'monitoring/native-edges',
    severity: 'warning',
    summary: 'Where classic histograms are converted, exports declares the buckets of those that drift rules read.',
    source:
      'prometheus 3.4 to 3.15 promql/quantile.go HistogramFraction: within a bucket it interpolates, so that no series tells of an edge that is no bound',
  },
  {
    id: 'monitoring/exports-twice',
    severity: 'error',
    summary: 'A histogram observes one thing: the predictions, or one feature.',
    source: 'Two distributions in one histogram are neither of them',
  },
  {
    id: 'monitoring/reference',
    severity: 'error',
    summary: 'The reference of a drift rule is there, with rising edges, no empty bin, and shares that sum to 1.',
    source: 'The constants of a drift rule are made from it',
  },
  {
    id: 'monitoring/reference-buckets',
    severity: 'error',
    summary: 'The edges of a reference are bucket bounds of the histogram, where exports declares them.',
    source: 'Classic histograms count up to their bounds only, so that no other bin has a share',
  },
  {
    id: 'monitoring/drift-duplicate',
    severity: 'error',
    summary: 'A service has one rule against a reference for a histogram, and one against the stable release.',
    source: 'Their recordings would have the same name and labels, which Prometheus cannot tell apart',
  },
  {
    id: 'monitoring/drift-samples',
    severity: 'error',
    summary: 'The window of a drift rule holds enough observations, at the traffic that the service expects.',
    source: 'Of few observations the distance is chance: its expectation is (bins - 1) / n',
  },
  {
    id: 'monitoring/drift-late',
    severity: 'info',
    summary: 'Drift is found within a quarter of an hour.',
    source: 'ours: with little traffic it takes longer until there is enough to compare',
  },
  {
    id: 'monitoring/schema-not-exported',
    severity: 'error',
    summary: 'Rules on the input have a part that counts what is wrong with it, and says so in exports.schema.',
    source: 'No model server counts this by itself: docs/drift.md has the contract',
  },
];

const report = reporter(DRIFT_RULES);

type Add = Report['add'];

/**
 * Checks the drift and schema rules of a service on one cluster.
 *
 * @param references reference distributions by the path that a drift rule gives; `undefined` for a file that was read,
 *   and whose findings are reported already.
 */
export function checkDrift(target: Target, references: ReadonlyMap<string, Reference | undefined>): Finding[] {
  const { add, findings } = report({
    service: target.service,
    environment: target.environment,
    cluster: target.clusterName,
  });
  const { drift, schema } = target.spec.monitoring;
  const seen = new Map<string, string>();
  drift.map(driftLimits).forEach((limits, index) => {
    const field = `monitoring.drift[${index}]`;
    checkRule(add, `${field}.${limits.kind}`, limits, target, references);
    const compared = `${limits.metric} ${limits.kind === 'candidate' ? 'between releases' : 'against a reference'}`;
    const first = seen.get(compared);
    if (first === undefined) seen.set(compared, field);
    else add('monitoring/drift-duplicate', field, `${first} watches ${compared} already`, 'keep one of the two');
  });
  if (schema) checkSchema(add, target);
  checkExports(add, target.spec);
  checkForms(add, target);
  return findings;
}

function checkRule(
  add: Add,
  field: string,
  limits: DriftLimits,
  target: Target,
  references: ReadonlyMap<string, Reference | undefined>,
): void {
  checkMetric(add, `${field}.metric`, limits.metric, target);
  if (!references.has(limits.reference)) {
    const fix =
      "write it, relative to the service's folder, or make it of a sample: npx ai-service reference build sample.csv --column <name>";
    add(
      'monitoring/reference',
      `${field}.reference`,
      `there is no reference file ${JSON.stringify(limits.reference)}`,
      fix,
    );
    return;
  }
  const reference = references.get(limits.reference);
  if (!reference) return;
  checkBuckets(add, `${field}.reference`, limits.metric, reference, target);
  checkSamples(add, field, limits, target, reference.shares.length);
}

function checkMetric(add: Add, field: string, metric: string, target: Target): void {
  const parts = exportedMetrics(target.spec);
  const exporting = parts.filter(({ metrics }) => metrics.includes(metric));
  const shown = JSON.stringify(metric);
  if (exporting.length === 0) {
    const meant = didYouMean(metric, parts.flatMap(({ metrics }) => metrics).sort(compareText));
    const names = parts.map((part) => part.field);
    const message = `no part (${names.join(', ')}) declares that it exports ${shown}; model servers export no predictions by themselves, so the rule would never have data`;
    const declare = `have a part expose this histogram and declare it: ${names[0] ?? 'predictor'}.exports: { predictions: ${shown} }`;
    add(
      'monitoring/metric-not-exported',
      field,
      message,
      meant === undefined ? declare : `did you mean ${JSON.stringify(meant)}?`,
    );
    return;
  }
  if (isScraped(target, exporting)) return;
  const names = exporting.map((part) => part.field).join(', ');
  const message = `${names} exports ${shown} but has no metrics endpoint that Prometheus could scrape`;
  add(
    'monitoring/metric-not-scraped',
    field,
    message,
    'set its metrics, or export the metric from a transformer or function that has metrics',
  );
}

function isScraped(target: Target, parts: readonly { readonly part: string }[]): boolean {
  const scraped = new Set(scrapesOf(target).map(({ part }) => part));
  return parts.some(({ part }) => scraped.has(part));
}

/** Where the buckets are declared, an edge beside them is found before the first scrape. */
function checkBuckets(
  add: Add,
  field: string,
  metric: string,
  { edges }: Reference,
  { spec, cluster, clusterName }: Target,
): void {
  for (const part of exportedMetrics(spec).filter(({ metrics }) => metrics.includes(metric))) {
    const bounds = part.buckets[metric];
    if (!bounds && !part.native && cluster.prometheus?.nativeHistograms === 'converted') {
      const message = `the Prometheus of cluster ${clusterName} converts ${metric}, so that no alert can tell when an edge of the reference is no bucket bound of ${part.field}`;
      add(
        'monitoring/native-edges',
        field,
        message,
        `write ${part.field}.exports.buckets: { ${metric}: [${edges.join(', ')}] } if these are its buckets`,
      );
    }
    const wrong = bounds && edges.filter((edge) => !bounds.includes(edge));
    if (!bounds || !wrong || wrong.length === 0) continue;
    const message = `${wrong.join(', ')} ${wrong.length === 1 ? 'is no bucket bound' : 'are no bucket bounds'} of ${metric} in ${part.field}.exports.buckets`;
    const nearest = wrong.map((edge) => `${edge} is beside ${beside(bounds, edge).join(' and ')}`).join('; ');
    add(
      'monitoring/reference-buckets',
      field,
      message,
      `give the histogram the edges of the reference as buckets, or make the reference with --edges of these: ${nearest}`,
    );
  }
}

function beside(bounds: readonly number[], edge: number): number[] {
  return [bounds.findLast((bound) => bound < edge), bounds.find((bound) => bound > edge)].filter(
    (bound) => bound !== undefined,
  );
}

/** A promise that the traffic cannot keep is refused where the window is named, and widened where it is not. */
function checkSamples(add: Add, field: string, limits: DriftLimits, target: Target, bins: number): void {
  const needed = neededByDrift(target, limits, bins);
  const { observations, rps } = needed;
  const sampling = chosenWindow(limits.window, needed);
  if (rps === undefined) return;
  const traffic =
    limits.kind === 'candidate' ? `${rate(rps)} requests a second to the candidate` : `${rate(rps)} requests a second`;
  const window = limits.window ?? sampling?.window;
  if (!sampling || (limits.window !== undefined && expectedIn(limits.window, rps) < observations)) {
    const asked = limits.window ?? WINDOWS.at(-1)!;
    const message = `at ${traffic} a window of ${asked} holds about ${expectedIn(asked, rps)} observations, and ${bins} bins with threshold ${limits.threshold} need ${observations}`;
    const longer = WINDOWS.find((each) => expectedIn(each, rps) >= observations);
    const fix =
      longer === undefined
        ? 'leave the rule out here, or correct traffic.expectedRps'
        : `write window: '${longer}', or leave window out`;
    add('monitoring/drift-samples', limits.window === undefined ? field : `${field}.window`, message, fix);
  } else if (limits.window === undefined && isWidened(sampling)) {
    const message = `at ${traffic} ${observations} observations take a window of ${window}, so that drift of ${limits.metric} is found after ${sampling.foundWithin} at the latest, and not within 10 minutes`;
    add(
      'monitoring/drift-late',
      field,
      message,
      `write window: '${window}' if that will do, or correct traffic.expectedRps`,
    );
  }
}

function rate(rps: number): string {
  return String(Number(rps.toPrecision(3)));
}

function checkSchema(add: Add, target: Target): void {
  const field = 'monitoring.schema';
  const exporting = exportedMetrics(target.spec).filter(({ schema }) => schema);
  if (exporting.length === 0) {
    const names = exportedMetrics(target.spec).map((part) => part.field);
    const message = `no part (${names.join(', ')}) declares that it counts what is wrong with its input, so the rules would never have data`;
    add(
      'monitoring/schema-not-exported',
      field,
      message,
      `have a part count it (npx ai-service reference snippet) and declare it: ${names.includes('transformer') ? 'transformer' : (names[0] ?? 'predictor')}.exports: { schema: true }`,
    );
  } else if (!isScraped(target, exporting)) {
    const message = `${exporting.map((part) => part.field).join(', ')} exports the counters of the input but has no metrics endpoint that Prometheus could scrape`;
    add(
      'monitoring/metric-not-scraped',
      field,
      message,
      'set its metrics, or count in a transformer or function that has metrics',
    );
  }
  const needed = neededBySchema(target);
  if (needed.rps === undefined) return;
  const sampling = chosenWindow(undefined, needed);
  if (!sampling) {
    const message = `at ${rate(needed.rps)} requests a second a day holds about ${expectedIn('1d', needed.rps)} instances, and the rules need ${needed.observations}`;
    add('monitoring/drift-samples', field, message, 'leave the rules out here, or correct traffic.expectedRps');
  } else if (isWidened(sampling)) {
    const message = `at ${rate(needed.rps)} requests a second ${needed.observations} instances take a window of ${sampling.window}, so that a changed input is found after ${sampling.foundWithin} at the latest, and not within 10 minutes`;
    add('monitoring/drift-late', field, message, 'correct traffic.expectedRps if more instances come');
  }
}

/** Promised metrics that nothing exposes would leave their rules without data for ever. */
function checkExports(add: Add, spec: ServiceSpec): void {
  const { predictor, models } = spec;
  const servers = [
    ['predictor', predictor] as const,
    ...Object.entries(models).map(([name, server]) => [`models.${name}`, server] as const),
  ];
  for (const [field, server] of servers) {
    if (!server?.exports || server.framework === 'custom' || server.image !== undefined) continue;
    const message = `the usual image of framework ${server.framework} exposes neither predictions nor features`;
    add(
      'monitoring/exports-of-runtime',
      `${field}.exports`,
      message,
      'write image: an image of this server that exposes them, or export them from a transformer',
    );
  }
  for (const { field, metrics } of exportedMetrics(spec)) {
    const twice = metrics.filter((metric, index) => metrics.indexOf(metric) !== index);
    for (const metric of new Set(twice)) {
      add(
        'monitoring/exports-twice',
        `${field}.exports`,
        `${metric} stands there twice, and one histogram has one distribution`,
        'give each feature a histogram of its own',
      );
    }
  }
}

/** A Prometheus that does not keep native histograms takes nothing of them, and no alert would tell. */
function checkForms(add: Add, { spec, cluster: { prometheus }, clusterName }: Target): void {
  const parts = exportedMetrics(spec);
  for (const { field, metrics } of parts.filter(({ native }) => native)) {
    if (prometheus && prometheus.nativeHistograms === undefined) {
      const message = `${field} exports native histograms, and the Prometheus of cluster ${clusterName} is not said to keep them`;
      add(
        'monitoring/native-histogram',
        `${field}.exports.native`,
        message,
        "write prometheus.nativeHistograms: 'scraped' on the cluster if it scrapes them, or leave native out and expose classic ones",
      );
    }
    const other = parts.find((part) => !part.native && part.metrics.some((metric) => metrics.includes(metric)));
    if (!other) continue;
    const shared = metrics.filter((metric) => other.metrics.includes(metric)).join(', ');
    const message = `${shared} is a native histogram in ${field} and a classic one in ${other.field}, and rules read one of them only`;
    add(
      'monitoring/native-histogram',
      `${field}.exports.native`,
      message,
      'have both parts expose the same, or give one of them another name',
    );
  }
}
