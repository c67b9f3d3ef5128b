import { posix } from 'node:path';
import { answered, refused, type Answer } from '../core/answer.ts';
import { findingOf, type Finding } from '../core/finding.ts';
import { isMetricName } from '../promql/selector.ts';
import {
  AI_FEATURE_VIOLATIONS,
  AI_INPUT_SCHEMA,
  AI_INSTANCES,
  type SchemaRule,
} from '../promql/metrics-input-schema.ts';
import { schemaDigest, type SchemaWatchOutput } from '../service/data-schema.ts';
import { driftLimits } from '../service/drift.ts';
import { exportedMetrics, featureOf } from '../service/exports.ts';
import { parseReference } from '../service/reference.ts';
import { readIntent, type Intent } from './intent.ts';
import { REFERENCE_RULES } from './reference-build.ts';

const finding = findingOf(REFERENCE_RULES);

/** A histogram that a snippet fills. */
interface ObservedHistogram {
  readonly metric: string;
  /** The feature; `undefined` for predictions. */
  readonly feature: string | undefined;
  readonly edges: readonly number[];
}

/** What a snippet observes. */
export interface Observed {
  readonly histograms: readonly ObservedHistogram[];
  readonly schema: SchemaWatchOutput | undefined;
}

/**
 * What files ask to be observed: an `intent.yaml` that synth wrote says everything about a service; of reference files, each
 * histogram is called like its file.
 *
 * @param files text by path.
 */
export function observedBy(files: ReadonlyMap<string, string>): Answer<Observed> {
  const found: Observed[] = [];
  const findings: Finding[] = [];
  for (const [file, text] of files) {
    const one = file.endsWith('.json') ? observedByReference(text, file) : observedByIntent(text, file);
    if (one.value) found.push(one.value);
    else findings.push(...one.findings);
  }
  if (findings.length > 0) return refused(...findings);
  const histograms = merged(found.flatMap((one) => one.histograms));
  const schema = found.find((one) => one.schema)?.schema;
  const predictions = histograms.filter(({ feature }) => feature === undefined).map(({ metric }) => metric);
  if (predictions.length > 1) {
    const message = `${predictions.join(' and ')} both have no feature, and a server has one histogram of predictions`;
    return refused(
      finding('reference/snippet', {}, message, 'write the field feature into the references of features'),
    );
  }
  if (histograms.length > 0 || schema) return answered({ histograms, schema });
  return refused(
    finding(
      'reference/snippet',
      { file: [...files.keys()][0] ?? '' },
      'no drift rule and no Schema.watch asks for anything',
      'write monitoring.drift or monitoring.schema, and run synth',
    ),
  );
}

function observedByReference(text: string, file: string): Answer<Observed> {
  const { value, findings } = parseReference(text, { file });
  if (!value) return refused(...findings);
  const metric = posix.basename(file, '.json');
  if (!isMetricName(metric)) {
    return refused(
      finding(
        'reference/snippet',
        { file },
        `a histogram cannot be called ${JSON.stringify(metric)}`,
        'call the file like the histogram: letters, digits and "_"',
      ),
    );
  }
  return answered({ histograms: [{ metric, feature: value.feature, edges: value.edges }], schema: undefined });
}

function observedByIntent(text: string, file: string): Answer<Observed> {
  const intent = readIntent(text, file, {});
  if (!intent.value) return refused(...intent.findings);
  const observed = observedByService(intent.value);
  const native = exportedMetrics(intent.value.spec).flatMap((part) => (part.native ? part.metrics : []));
  const asked = native.filter((metric) => observed.histograms.some((one) => one.metric === metric));
  if (asked.length === 0) return answered(observed);
  const message = `the service exports native histograms (${asked.join(', ')}), and Python's client of Prometheus makes classic ones only`;
  return refused(
    finding(
      'reference/snippet',
      { file },
      message,
      'take native: true from the exports, or observe them with a client that has native histograms (Go, Java)',
    ),
  );
}

function observedByService({ spec, references }: Intent): Observed {
  const declared = Object.assign({}, ...exportedMetrics(spec).map(({ buckets }) => buckets)) as Readonly<
    Record<string, readonly number[]>
  >;
  const histograms = spec.monitoring.drift.map(driftLimits).map(({ metric, reference }) => ({
    metric,
    feature: featureOf(spec, metric),
    edges: declared[metric] ?? references.get(reference)?.edges ?? [],
  }));
  return { histograms, schema: spec.monitoring.schema };
}

/** One histogram may serve several rules: it has the edges of all. */
function merged(histograms: readonly ObservedHistogram[]): ObservedHistogram[] {
  const byMetric = new Map<string, ObservedHistogram>();
  for (const one of histograms) {
    const edges = [...new Set([...(byMetric.get(one.metric)?.edges ?? []), ...one.edges])].sort((a, b) => a - b);
    byMetric.set(one.metric, { ...one, edges });
  }
  return [...byMetric.values()];
}

/** A text as Python's string: JSON's escapes are Python's, and what JSON leaves as it is may stand in a source in UTF-8. */
function text(value: string): string {
  return JSON.stringify(value);
}

function tuple(values: readonly string[]): string {
  return `(${values.join(', ')}${values.length === 1 ? ',' : ''})`;
}

function dictionary(entries: readonly (readonly [string, string])[]): string {
  return entries.length === 0 ? '{}' : `{\n${entries.map(([key, value]) => `    ${text(key)}: ${value},\n`).join('')}}`;
}

function histogram({ metric, feature, edges }: ObservedHistogram): string {
  const help = feature === undefined ? 'Predictions.' : `Feature ${feature}.`;
  return `Histogram(${text(metric)}, ${text(help)}, buckets=${tuple(edges.map(String))})`;
}

/**
 * A KServe transformer in Python that observes predictions and features with exactly the buckets of the references, and
 * counts what is wrong with the input. It changes neither requests nor answers, and never fails one.
 */
export function transformerSnippet({ histograms, schema }: Observed): string {
  const predictions = histograms.find(({ feature }) => feature === undefined);
  const features = histograms.filter(({ feature }) => feature !== undefined);
  return [
    HEAD,
    `# Order of the features, where instances are lists and not maps.\nCOLUMNS = ()\n`,
    `PREDICTIONS = ${predictions ? histogram(predictions) : 'None'}`,
    `FEATURES = ${dictionary(features.map((one) => [one.feature ?? '', histogram(one)]))}`,
    ...(schema ? [schemaPart(schema)] : []),
    READ,
    observePart(schema !== undefined),
    TRANSFORMER,
  ].join('\n');
}

const HEAD = `# Made by \`ai-service reference snippet\`; make it again when a reference or the schema changes.
"""Transformer of KServe (Python SDK 0.14 or later) that exposes what the model sees and says."""
import argparse
import json
import logging
import math

from kserve import Model, ModelServer, model_server
from kserve.model import PredictorConfig
from prometheus_client import Counter, Gauge, Histogram
`;

function schemaPart(schema: SchemaWatchOutput): string {
  const { missing, nullRatio, newCategories, outOfRange } = schema;
  const nulls = Object.keys(nullRatio);
  const bound = (value: number | undefined, none: string): string => (value === undefined ? none : String(value));
  return `
MISSING = ${tuple(missing.map(text))}
NULLS = ${tuple(nulls.map(text))}
CATEGORIES = ${dictionary(Object.entries(newCategories).map(([name, known]) => [name, `frozenset(${tuple(known.map(text))})`]))}
RANGES = ${dictionary(Object.entries(outOfRange).map(([name, { min, max }]) => [name, `(${bound(min, '-math.inf')}, ${bound(max, 'math.inf')})`]))}

INSTANCES = Counter(${text(AI_INSTANCES)}, "Instances that were asked about.")
VIOLATIONS = Counter(${text(AI_FEATURE_VIOLATIONS)}, "Instances that break a rule of the schema.", ["feature", "rule"])
# From the start, so that the first violation is counted too.
for _rule, _features in ${`(${(
    [
      ['missing', 'MISSING'],
      ['null', 'NULLS'],
      ['new_category', 'CATEGORIES'],
      ['out_of_range', 'RANGES'],
    ] as const satisfies readonly (readonly [SchemaRule, string])[]
  )
    .map(([rule, name]) => `(${text(rule)}, ${name})`)
    .join(', ')})`}:
    for _feature in _features:
        VIOLATIONS.labels(_feature, _rule)
Gauge(${text(AI_INPUT_SCHEMA)}, "Digest of the schema that is checked.", ["schema"]).labels(${text(schemaDigest(schema))}).set(1)


def is_null(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def check(row):
    """Counts the rules that an instance breaks."""
    for feature in MISSING:
        if feature not in row:
            VIOLATIONS.labels(feature, "missing").inc()
    for feature in NULLS:
        if feature in row and is_null(row[feature]):
            VIOLATIONS.labels(feature, "null").inc()
    for feature, known in CATEGORIES.items():
        value = row.get(feature)
        if not is_null(value) and (value if isinstance(value, str) else json.dumps(value)) not in known:
            VIOLATIONS.labels(feature, "new_category").inc()
    for feature, (smallest, largest) in RANGES.items():
        value = row.get(feature)
        if not is_null(value) and not smallest <= float(value) <= largest:
            VIOLATIONS.labels(feature, "out_of_range").inc()
`;
}

const READ = `

def plain(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def columns_of(tensors):
    """Values by name of the tensor; a table of its own has the columns of COLUMNS."""
    columns = {}
    for tensor in tensors:
        values = tensor.as_numpy().tolist()
        if COLUMNS and len(values) > 0 and isinstance(values[0], list) and len(values[0]) == len(COLUMNS):
            columns.update({name: [plain(row[index]) for row in values] for index, name in enumerate(COLUMNS)})
        else:
            columns[tensor.name] = [plain(row[0] if isinstance(row, list) and len(row) == 1 else row) for row in values]
    return columns


def rows_of(payload):
    """The instances of a request, as maps by feature."""
    if isinstance(payload, dict):
        instances = payload.get("instances") or []
        return [one if isinstance(one, dict) else dict(zip(COLUMNS, one)) for one in instances]
    columns = columns_of(payload.inputs)
    length = max((len(values) for values in columns.values()), default=0)
    return [{name: values[index] for name, values in columns.items() if index < len(values)} for index in range(length)]


def predictions_of(result):
    """The predictions of an answer. Of several numbers for one instance the last counts: the positive class of two."""
    found = result.get("predictions", []) if isinstance(result, dict) else result.outputs[0].as_numpy().tolist()
    return [one[-1] if isinstance(one, list) else one for one in found]
`;

function observePart(withSchema: boolean): string {
  const counted = withSchema ? '        INSTANCES.inc()\n        check(row)\n' : '';
  return `
def observe_request(payload):
    for row in rows_of(payload):
${counted}        for feature, histogram in FEATURES.items():
            value = row.get(feature)
            if isinstance(value, (int, float)) and not math.isnan(value):
                histogram.observe(value)


def observe_answer(result):
    if PREDICTIONS is None:
        return
    for prediction in predictions_of(result):
        if isinstance(prediction, (int, float)) and not math.isnan(prediction):
            PREDICTIONS.observe(prediction)


def quietly(observe, subject):
    """What cannot be observed is no reason to fail a request."""
    try:
        observe(subject)
    except Exception:
        logging.exception("not observed")
`;
}

const TRANSFORMER = `
class ObservingTransformer(Model):
    def __init__(self, name, config):
        super().__init__(name, config)
        self.ready = True

    def preprocess(self, payload, headers=None, *more, **named):
        quietly(observe_request, payload)
        return payload

    def postprocess(self, result, headers=None, *more, **named):
        quietly(observe_answer, result)
        return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    arguments, _ = parser.parse_known_args()
    config = PredictorConfig(predictor_host=arguments.predictor_host, predictor_protocol=arguments.predictor_protocol)
    ModelServer().start([ObservingTransformer(arguments.model_name, config)])
`;
