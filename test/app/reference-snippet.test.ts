import { describe, expect, test } from 'vitest';
import { observedBy, transformerSnippet } from '../../src/app/reference-snippet.ts';

const INTENT = `spec:
  owner: { team: risk-ml }
  predictor:
    framework: sklearn
    model: { uri: 's3://ml-models/x/v1/' }
    resources: { cpu: '1', memory: 1Gi }
  transformer:
    image: registry.example.com/observer:1.0.0
    metrics: {}
    resources: { cpu: '1', memory: 1Gi }
    exports: { predictions: score, features: { 'the "amount"': feature_amount }, schema: true }
  monitoring:
    drift:
      - psi: { metric: score, reference: ./score.json }
      - candidate: { metric: score, reference: ./coarse.json }
      - ks: { metric: feature_amount, reference: ./amount.json }
    schema:
      missing: [amount]
      nullRatio: { amount: 0.02 }
      newCategories: { country: [DE, "F'R"] }
      outOfRange: { amount: { min: 0 } }
references:
  ./score.json: { edges: [0.1, 0.5], shares: [0.5, 0.3, 0.2] }
  ./coarse.json: { edges: [0.3], shares: [0.5, 0.5] }
  ./amount.json: { edges: [10], shares: [0.5, 0.5] }
`;

function snippetOf(files: Readonly<Record<string, string>>): string {
  const { value, findings } = observedBy(new Map(Object.entries(files)));
  if (!value) throw new Error(JSON.stringify(findings));
  return transformerSnippet(value);
}

function problem(files: Readonly<Record<string, string>>): unknown {
  return observedBy(new Map(Object.entries(files))).findings.map(({ id, where: { file }, message }) => [
    id,
    file,
    message,
  ]);
}

describe('a snippet', () => {
  const snippet = snippetOf({ 'gitops/intent.yaml': INTENT });

  test('has the buckets of all references of a histogram', () => {
    expect(snippet).toContain('PREDICTIONS = Histogram("score", "Predictions.", buckets=(0.1, 0.3, 0.5))\n');
    expect(snippet).toContain(
      '    "the \\"amount\\"": Histogram("feature_amount", "Feature the \\"amount\\".", buckets=(10,)),\n',
    );
  });

  test('checks the schema of the service, and says which one', () => {
    expect(snippet).toContain(`MISSING = ("amount",)
NULLS = ("amount",)
CATEGORIES = {
    "country": frozenset(("DE", "F'R")),
}
RANGES = {
    "amount": (0, math.inf),
}
`);
    expect(snippet).toMatch(
      /Gauge\("ai_input_schema_info", "[^"]+", \["schema"\]\)\.labels\("[0-9a-f]{8}"\)\.set\(1\)/,
    );
  });

  test('is made of reference files too, with histograms called like them and no schema', () => {
    const files = {
      'reference/score.json': '{"edges": [0.5], "shares": [0.5, 0.5]}',
      'reference/feature_age.json': '{"edges": [30], "shares": [0.5, 0.5], "feature": "age"}',
    };
    const text = snippetOf(files);
    expect(text).toContain('PREDICTIONS = Histogram("score", "Predictions.", buckets=(0.5,))\n');
    expect(text).toContain('    "age": Histogram("feature_age", "Feature age.", buckets=(30,)),\n');
    expect(text).not.toContain('INSTANCES');
  });
});

describe('files are refused', () => {
  const reference = '{"edges": [0.5], "shares": [0.5, 0.5]}';

  test('of which nothing is to be observed', () => {
    const plain = INTENT.replace(/ {2}monitoring:[^]*/, '');
    expect(problem({ 'intent.yaml': plain })).toEqual([
      ['reference/snippet', 'intent.yaml', 'no drift rule and no Schema.watch asks for anything'],
    ]);
  });

  test('that ask for native histograms, which Python does not make', () => {
    expect(problem({ 'intent.yaml': INTENT.replace('schema: true }', 'schema: true, native: true }') })).toEqual([
      [
        'reference/snippet',
        'intent.yaml',
        "the service exports native histograms (score, feature_amount), and Python's client of Prometheus makes classic ones only",
      ],
    ]);
  });

  test('that are broken, or no intent', () => {
    expect(problem({ 'score.json': '{"edges": [0.5], "shares": [1, 0]}' })).toMatchObject([
      ['monitoring/reference', 'score.json', expect.stringContaining('the bin above 0.5 is empty')],
    ]);
    expect(problem({ 'service.yaml': 'owner: { team: x }\n' })).toEqual([
      ['service/required', 'service.yaml', 'the field is missing'],
      ['service/unknown-field', 'service.yaml', 'unknown field "owner"'],
    ]);
  });

  test('that cannot give a histogram its name, and two of predictions', () => {
    expect(problem({ 'my-score.json': reference })).toEqual([
      ['reference/snippet', 'my-score.json', 'a histogram cannot be called "my-score"'],
    ]);
    expect(problem({ 'a.json': reference, 'b.json': reference })).toEqual([
      ['reference/snippet', undefined, 'a and b both have no feature, and a server has one histogram of predictions'],
    ]);
  });
});
