import { expect, test } from 'vitest';
import { selectsReleases } from '../../../src/review/words/selects-releases.ts';

const named = (...values: readonly string[]) => ({
  matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values }],
});

test('names of workloads of the service follow its releases', () => {
  expect(selectsReleases(named('llm-v46'), named('llm-v46', 'llm-v47'), 'llm')).toBe(true);
  expect(selectsReleases(named('llm', 'llm-v46'), named('llm', 'llm-v47'), 'llm'), 'a function beside it').toBe(true);
});

test.each([
  ['names of others', named('llm-v46'), named('llm-v46', 'payments')],
  ['no names any more', named('llm-v46'), {}],
  ['another label beside them', named('llm-v46'), { ...named('llm-v47'), matchLabels: { tier: 'gold' } }],
  ['another label', { matchLabels: { app: 'llm-v46' } }, { matchLabels: { app: 'llm-v47' } }],
  [
    'all others',
    named('llm-v46'),
    { matchExpressions: [{ ...named('llm-v46').matchExpressions[0], operator: 'NotIn' }] },
  ],
])('%s do not', (_what, before, after) => {
  expect(selectsReleases(before, after, 'llm')).toBe(false);
});
