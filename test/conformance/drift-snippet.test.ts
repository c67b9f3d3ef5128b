import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transformerSnippet } from '../../src/app/reference-snippet.ts';
import { schemaWatch } from '../../src/service/data-schema.ts';

/** The snippet in a real Python. Stand-ins have the names of KServe's SDK and of Prometheus' client that it uses. */

const SNIPPET = transformerSnippet({
  histograms: [
    { metric: 'fraud_score', feature: undefined, edges: [0.1, 0.5] },
    { metric: 'feature_amount', feature: 'amount', edges: [10, 100] },
  ],
  schema: schemaWatch.parse({
    missing: ['amount', 'country'],
    nullRatio: { amount: 0.02 },
    newCategories: { country: ['DE', 'FR'] },
    outOfRange: { amount: { min: 0, max: 1000 } },
  }),
});

const KSERVE = `
import argparse

class Model:
    def __init__(self, name, predictor_config=None):
        self.name = name

class ModelServer:
    pass

class model_server:
    parser = argparse.ArgumentParser(add_help=False)
`;

const CLIENT = `
SEEN = []

class Metric:
    def __init__(self, name, help, labels=(), buckets=None):
        self.name = name
        if buckets is not None:
            SEEN.append([name, "buckets", list(buckets)])

    def labels(self, *values):
        child = type(self)(self.name, "")
        child.name = self.name + str(list(values))
        return child

    def inc(self):
        SEEN.append([self.name, "inc", 1])

    def observe(self, value):
        SEEN.append([self.name, "observe", value])

    set = lambda self, value: SEEN.append([self.name, "set", value])

Counter = Gauge = Histogram = Metric
`;

const DRIVE = `
import json
import sys

import observer
from prometheus_client import SEEN

class Array:
    def __init__(self, values):
        self.values = values
    def tolist(self):
        return self.values

class Tensor:
    def __init__(self, name, values):
        self.name = name
        self.values = values
    def as_numpy(self):
        return Array(self.values)

class Message:
    pass

def message(**fields):
    made = Message()
    made.__dict__.update(fields)
    return made

model = observer.ObservingTransformer("fraud", None)
said = []
for request, answer in [
    ({"instances": [{"amount": 20, "country": "DE"}, {"amount": None, "country": "XX"}, {"amount": 5000.0}]}, {"predictions": [0.3, [0.8, 0.2]]}),
    (message(inputs=[Tensor("amount", [[7.5], [float("nan")]]), Tensor("country", [b"FR", b"YY"])]), message(outputs=[Tensor("out", [0.05, 0.9])])),
    ("no request at all", None),
]:
    start = len(SEEN)
    same = model.preprocess(request, {}) is request and model.postprocess(answer, {}, response_headers={}) is answer
    said.append([same, SEEN[start:]])
json.dump({"start": SEEN[:4], "said": said}, sys.stdout)
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'snippet-'));
  const model = 'class PredictorConfig:\n    pass\n';
  const files = {
    'observer.py': SNIPPET,
    'prometheus_client.py': CLIENT,
    'kserve/__init__.py': KSERVE,
    'kserve/model.py': model,
    'drive.py': DRIVE,
  };
  mkdirSync(join(folder, 'kserve'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('observes requests of both protocols with the buckets of the references, and changes none', () => {
  const { stdout, stderr, status, error } = spawnSync('python3', ['drive.py'], { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  expect(stderr).toContain('not observed');
  expect(status, stderr).toBe(0);
  const { start, said } = JSON.parse(stdout) as { start: unknown; said: unknown };
  expect(start).toEqual([
    ['fraud_score', 'buckets', [0.1, 0.5]],
    ['feature_amount', 'buckets', [10, 100]],
    [expect.stringMatching(/^ai_input_schema_info\['[0-9a-f]{8}'\]$/), 'set', 1],
    ['ai_instances_total', 'inc', 1],
  ]);
  const broken = (feature: string, rule: string): unknown => [
    `ai_feature_violations_total['${feature}', '${rule}']`,
    'inc',
    1,
  ];
  expect(said).toEqual([
    [
      true,
      [
        ['ai_instances_total', 'inc', 1],
        ['feature_amount', 'observe', 20],
        ['ai_instances_total', 'inc', 1],
        broken('amount', 'null'),
        broken('country', 'new_category'),
        ['ai_instances_total', 'inc', 1],
        broken('country', 'missing'),
        broken('amount', 'out_of_range'),
        ['feature_amount', 'observe', 5000],
        ['fraud_score', 'observe', 0.3],
        ['fraud_score', 'observe', 0.2],
      ],
    ],
    [
      true,
      [
        ['ai_instances_total', 'inc', 1],
        ['feature_amount', 'observe', 7.5],
        ['ai_instances_total', 'inc', 1],
        broken('amount', 'null'),
        broken('country', 'new_category'),
        ['fraud_score', 'observe', 0.05],
        ['fraud_score', 'observe', 0.9],
      ],
    ],
    [true, []],
  ]);
});
