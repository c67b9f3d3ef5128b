import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { emitYaml } from '../../src/core/yaml.ts';
import { fc } from '../support/property.ts';
import { HOSTILE_TEXT } from './hostile-text.ts';

const VERSIONS = ['1.1', '1.2'] as const;

function readBack(text: string, version: '1.1' | '1.2'): unknown {
  return parse(text, { version, maxAliasCount: 0 });
}

describe('emitYaml', () => {
  test('writes a Kubernetes object in canonical order, however it was built', () => {
    const text = emitYaml({
      spec: {
        groups: [
          {
            rules: [
              {
                annotations: { summary: 'Errors: {{ $value }}', runbook_url: 'https://runbooks.example.com/errors' },
                expr: 'sum(rate(errors_total{code=~"5.."}[5m]))\n  / sum(rate(requests_total[5m])) > 0.01\n',
                for: '5m',
                labels: { severity: 'page' },
                alert: 'ErrorRatio',
              },
            ],
            name: 'fraud-detector',
          },
        ],
      },
      metadata: {
        labels: { zone: 'no', app: 'fraud' },
        annotations: { note: '012' },
        namespace: 'risk-ml',
        name: 'fraud-detector',
      },
      kind: 'PrometheusRule',
      apiVersion: 'monitoring.coreos.com/v1',
    });
    expect(text).toBe(`---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: fraud-detector
  namespace: risk-ml
  labels:
    app: fraud
    zone: "no"
  annotations:
    note: "012"
spec:
  groups:
    - name: fraud-detector
      rules:
        - alert: ErrorRatio
          expr: |
            sum(rate(errors_total{code=~"5.."}[5m]))
              / sum(rate(requests_total[5m])) > 0.01
          for: 5m
          labels:
            severity: page
          annotations:
            runbook_url: https://runbooks.example.com/errors
            summary: "Errors: {{ $value }}"
`);
  });

  test('leaves plain what every parser reads as text, and quotes the rest', () => {
    const args = [
      '--model_name=fraud',
      's3://ml-models/v47/',
      '8Gi',
      '500m',
      '1h30m',
      '25%',
      'sum(rate(x{a="b"}[5m])) > 0.1',
      'a, b',
    ];
    const quoted = [
      'on',
      'Y',
      '012',
      '1e3',
      'E0',
      '-e1',
      '12:30',
      '2024-01-01',
      '~',
      '=',
      '',
      '1.33',
      '3f9c',
      'a: b',
      'a:',
      'a #b',
      '{{ x }}',
      'end ',
    ];
    expect(emitYaml({ args, quoted })).toBe(
      `---\nargs:\n${args.map((text) => `  - ${text}\n`).join('')}quoted:\n${quoted.map((text) => `  - ${JSON.stringify(text)}\n`).join('')}`,
    );
  });

  test('writes text of several lines as a block with the right indicators', () => {
    expect(emitYaml({ clip: 'a\nb\n', strip: 'a\n\nb', keep: 'a\n\n', deep: ' a\nb', list: ['x\ny'] })).toBe(
      '---\nclip: |\n  a\n  b\ndeep: |2-\n   a\n  b\nkeep: |+\n  a\n\nlist:\n  - |-\n    x\n    y\nstrip: |-\n  a\n\n  b\n',
    );
  });

  test('keeps text out of blocks when a reader could not see all of it', () => {
    expect(emitYaml({ a: 'trailing \nspace', b: 'carriage\r\nreturn', c: 'nel\x85\nbom\ufeff', d: '\n' })).toBe(
      '---\na: "trailing \\nspace"\nb: "carriage\\r\\nreturn"\nc: "nel\\u0085\\nbom\\ufeff"\nd: "\\n"\n',
    );
  });

  test('writes empty collections in place, nested lists compactly, null as null, and drops undefined', () => {
    expect(
      emitYaml({
        a: {},
        b: [],
        c: null,
        d: undefined,
        e: [[1, ['x']], [{}], [{ k: 1, name: 'x' }]],
        f: { g: undefined },
      }),
    ).toBe('---\na: {}\nb: []\nc: null\ne:\n  - - 1\n    - - x\n  - - {}\n  - - name: x\n      k: 1\nf: {}\n');
    expect(emitYaml({})).toBe('--- {}\n');
  });

  test('writes numbers exactly, and never with an exponent that a YAML 1.1 parser takes for text', () => {
    expect(emitYaml({ num: [0, -5, 0.1, 1e21, 1e-7, -1.5e-9, 2 ** 60, Number.MAX_VALUE] })).toBe(
      '---\nnum:\n  - 0\n  - -5\n  - 0.1\n  - 1.0e+21\n  - 1.0e-7\n  - -1.5e-9\n  - 1152921504606846976\n  - 1.7976931348623157e+308\n',
    );
  });

  test('quotes keys as it quotes text', () => {
    expect(
      emitYaml({ 'app.kubernetes.io/name': 1, 'config.json': 2, on: 3, 8080: 4, 'a b': 5, '.dockerconfigjson': 6 }),
    ).toBe('---\n".dockerconfigjson": 6\n"8080": 4\n"a b": 5\napp.kubernetes.io/name: 1\nconfig.json: 2\n"on": 3\n');
  });

  class Quantity {
    readonly amount = 1;
  }
  const cycle: { self?: unknown } = {};
  cycle.self = [cycle];

  test.each([
    ['NaN', { spec: { replicas: NaN } }, 'spec.replicas is the number NaN'],
    ['infinity', { a: [Infinity] }, 'a[0] is the number Infinity'],
    ['negative zero', { 'x/y z': -0 }, '["x/y z"] is the number -0'],
    ['bigint', { a: 1n }, 'a is a bigint'],
    ['a function', { a: [[() => 1]] }, 'a[0][0] is a function'],
    ['a date', { a: new Date(0) }, 'a is an instance of Date'],
    ['a class instance', { a: { b: new Quantity() } }, 'a.b is an instance of Quantity'],
    ['undefined in a list', { a: [undefined] }, 'a[0] is undefined'],
    ['half a surrogate pair', { a: 'x\ud800' }, 'a is text with half a surrogate pair: "x\\ud800"'],
    ['half a surrogate pair in a block', { a: 'x\n\ud800' }, 'a is text with half a surrogate pair: "x\\n\\ud800"'],
    ['half a surrogate pair in a key', { a: { '\udc00': 1 } }, 'a["\\udc00"] has a key with half a surrogate pair'],
    ['a list as document', [1], 'the document is a list, not a map'],
    ['an instance as document', new Date(0), 'the document is an instance of Date'],
  ])('refuses %s and names its path', (_, document: object, message) => {
    expect(() => emitYaml(document)).toThrow(new TypeError(`cannot write as YAML: ${message}`));
  });

  test('refuses a cycle, and a key that no parser takes as one', () => {
    expect(() => emitYaml(cycle)).toThrow(
      /^cannot write as YAML: self\[0\]\.self.* nests more than 100 levels, or holds itself$/,
    );
    expect(() => emitYaml({ a: { ['k'.repeat(1001)]: 1 } })).toThrow(/ has a key of more than 1000 characters$/);
  });

  test('accepts maps of another realm and maps without a prototype', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(emitYaml({ bare })).toBe('---\nbare:\n  a: 1\n');
  });

  describe.each(VERSIONS)('read back as YAML %s', (version) => {
    test.each(HOSTILE_TEXT.map((text) => [JSON.stringify(text).slice(0, 60), text]))(
      '%s is the same text, as value, item and key',
      (_, text) => {
        const document = {
          value: text,
          items: [text, [text], { nested: text }],
          keys: text.length > 1000 ? {} : { [text]: 1 },
        };
        expect(readBack(emitYaml(document), version)).toStrictEqual(document);
      },
    );

    test('any data is the same data', () => {
      const text = fc.oneof(
        fc.constantFrom(...HOSTILE_TEXT),
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.string({
          unit: fc.constantFrom(...' \t\n\r:#-?|>!&*%@`"\'{}[],=~<.+_0123456789eExXoObBinfyYa\x85\ufeff\u2028é'),
        }),
      );
      const key = text.filter((candidate) => candidate.length <= 1000 && candidate !== '__proto__');
      const number = fc
        .oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
        .map((n) => n + 0);
      const { map } = fc.letrec((tie) => ({
        value: fc.oneof({ depthSize: 'small' }, text, number, fc.boolean(), fc.constant(null), tie('list'), tie('map')),
        list: fc.array(tie('value'), { maxLength: 5 }),
        map: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
      }));
      fc.assert(
        fc.property(map, (document) => {
          expect(readBack(emitYaml(document as object), version)).toStrictEqual(document);
        }),
        { numRuns: 2000 },
      );
    });
  });

  test('any order of building gives the same bytes', () => {
    const shuffle = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffle);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, field]) => [key, shuffle(field)]),
      );
    };
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (document) => {
        const clean = JSON.parse(JSON.stringify(document).replaceAll('-0', '0')) as object;
        expect(emitYaml(shuffle(clean) as object)).toBe(emitYaml(clean));
      }),
    );
  });
});

test('a text that is kept takes the memory of its characters, not that of the pieces it grew from', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => (collect(), process.memoryUsage().heapUsed);
  const data = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key-${index}`, `value ${index}`]));
  emitYaml({ data });
  const before = used();
  const texts = Array.from({ length: 100 }, (_, index) => emitYaml({ kind: `Kind${index}`, data }));
  const kept = used() - before;
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  expect(kept).toBeLessThan(1.5 * characters);
});
