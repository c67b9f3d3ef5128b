import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { editYaml } from '../../src/core/edit-yaml.ts';
import { fc } from '../support/property.ts';

const ORDER = ['stable', 'candidate', 'phase', 'weight', 'holds', 'reason'];

const STATE = `# The state of fraud-detector in prod-eu.
stable: v46   # since May
candidate: v47

# where it is
phase: canary
weight: 10 # of all requests
holds:
  v45: too slow # p99 of 800 ms
`;

describe('what does not change keeps its bytes', () => {
  test('a value changes, and nothing around it', () => {
    expect(editYaml(STATE, { ...(parse(STATE) as object), weight: 25 }, ORDER)).toBe(
      STATE.replace('weight: 10 #', 'weight: 25 #'),
    );
  });

  test('the same value changes nothing', () => {
    expect(editYaml(STATE, parse(STATE) as Record<string, unknown>, ORDER)).toBe(STATE);
  });

  test('a field goes with its line, and a map with all of its lines', () => {
    const { candidate: _candidate, holds: _holds, ...rest } = parse(STATE) as Record<string, unknown>;
    expect(editYaml(STATE, rest, ORDER)).toBe(`# The state of fraud-detector in prod-eu.
stable: v46   # since May

# where it is
phase: canary
weight: 10 # of all requests
`);
  });

  test('a new field takes its place in the order', () => {
    expect(
      editYaml(
        'stable: v46\nreason: weekly\n',
        { stable: 'v46', candidate: 'v47', weight: 5, reason: 'weekly' },
        ORDER,
      ),
    ).toBe('stable: v46\ncandidate: v47\nweight: 5\nreason: weekly\n');
  });

  test('a new field of a file without a line break at its end', () => {
    expect(editYaml('stable: v46', { stable: 'v46', weight: 5 }, ORDER)).toBe('stable: v46\nweight: 5\n');
  });
});

test('a new document has its fields in order', () => {
  expect(editYaml(undefined, { phase: 'idle', stable: 'v1', reason: 'a: b' }, ORDER)).toBe(
    'stable: v1\nphase: idle\nreason: "a: b"\n',
  );
});

describe('a map that cannot be changed in place is written anew, below its comments', () => {
  const after = { stable: 'v47', phase: 'canary', weight: 5 };
  const anew = 'stable: v47\nphase: canary\nweight: 5\n';

  test.each([
    ['in flow form', '{stable: v46, phase: canary} # by hand\n', `# by hand\n${anew}`],
    [
      'in flow form on many lines',
      '{\n  stable: v46, # since May\n  reason: "# no comment"\n}\n',
      `# since May\n${anew}`,
    ],
    ['further in', '  stable: v46\n  # where it is\n  phase: canary\n', `# where it is\n${anew}`],
    ['with marked keys', '? stable\n: v46\n? phase\n: canary\n', anew],
    [
      'with an alias of what goes',
      'stable: v47\nphase: canary\ncandidate: &old v46\nholds: { *old : slow }\nweight: 10\n',
      anew,
    ],
  ])('%s', (_name, text, expected) => {
    expect(editYaml(text, after, ORDER)).toBe(expected);
  });

  test('but one between the marks of a document, or with the line breaks of Windows, keeps both', () => {
    expect(editYaml('%YAML 1.2\n--- # state\nstable: v46\n...\n', { stable: 'v47' }, ORDER)).toBe(
      '%YAML 1.2\n--- # state\nstable: v47\n...\n',
    );
    expect(editYaml('stable: v46 # since May\r\nphase: canary\r\n', { stable: 'v47', phase: 'canary' }, ORDER)).toBe(
      'stable: v47 # since May\r\nphase: canary\r\n',
    );
  });
});

test('reading what was edited gives what was asked for, from any state to any state', () => {
  const state = fc.record(
    {
      stable: fc.string({ minLength: 1 }),
      candidate: fc.constantFrom('v1', '1', 'true', 'v2-2'),
      phase: fc.constantFrom('idle', 'canary'),
      weight: fc.nat(100),
      holds: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string()),
      reason: fc.string(),
    },
    { requiredKeys: ['stable'] },
  );
  fc.assert(
    fc.property(state, state, (before, after) => {
      const text = editYaml(undefined, before, ORDER);
      expect(parse(editYaml(text, after, ORDER))).toEqual({ ...after });
    }),
  );
});
