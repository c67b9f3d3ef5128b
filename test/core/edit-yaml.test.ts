import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { editYaml } from '../../src/core/edit-yaml.ts';

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
    expect(editYaml(STATE, { ...(parse(STATE) as object), weight: 25 }, ORDER)).toBe(STATE.replace('weight: 10 #', 'weight: 25 #'));
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
    expect(editYaml('stable: v46\nreason: weekly\n', { stable: 'v46', candidate: 'v47', weight: 5, reason: 'weekly' }, ORDER)).toBe(
      'stable: v46\ncandidate: v47\nweight: 5\nreason: weekly\n',
    );
  });

  test('a new field of a file without a line break at its end', () => {
    expect(editYaml('stable: v46', { stable: 'v46', weight: 5 }, ORDER)).toBe('stable: v46\nweight: 5\n');
  });
});

test('a new document has its fields in order', () => {
  expect(editYaml(undefined, { phase: 'idle', stable: 'v1', reason: 'a: b' }, ORDER)).toBe('stable: v1\nphase: idle\nreason: "a: b"\n');
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
