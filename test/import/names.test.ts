import { expect, test } from 'vitest';
import type { Votes } from '../../src/import/names.ts';
import { claimName, mostVoted, pascalCase, singular, vote } from '../../src/import/names.ts';

test.each([
  ['nodeAffinity', 'NodeAffinity'],
  ['http2-rule', 'Http2Rule'],
  ['partial_response_strategy', 'PartialResponseStrategy'],
  ['AzureAD', 'AzureAD'],
  ['2fa', 'Field2fa'],
  ['$ref', 'Ref'],
])('the property %s gives the type name %s', (property, name) => expect(pascalCase(property)).toBe(name));

test.each([
  ['Containers', 'Container'],
  ['Policies', 'Policy'],
  ['Matches', 'Match'],
  ['Addresses', 'Address'],
  ['HostAliases', 'HostAlias'],
  ['Options', 'Option'],
  ['Env', 'Env'],
  ['Dns', 'Dns'],
  ['Access', 'Access'],
  ['Status', 'Status'],
])('one of %s is called %s', (plural, name) => expect(singular(plural)).toBe(name));

test('the place that was met most often names a schema; ties go to the shorter, then the earlier name', () => {
  const votes: Votes = new Map();
  vote(votes, { label: 'PodSelector', context: 'Spec' }, 2);
  vote(votes, { label: 'Selector', context: 'B' }, 1);
  vote(votes, { label: 'Selector', context: 'A' }, 1);
  expect(mostVoted(votes)).toEqual({ label: 'Selector', context: 'A' });
  vote(votes, { label: 'PodSelector', context: 'Spec' }, 1);
  expect(mostVoted(votes).label).toBe('PodSelector');
});

test('a name that is taken gets its context, then a number', () => {
  const taken = new Set(['Container']);
  const place = { label: 'Container', context: 'Predictor' };
  expect([claimName(place, taken), claimName(place, taken), claimName(place, taken)]).toEqual([
    'PredictorContainer',
    'Container2',
    'Container3',
  ]);
});

test('a name that says nothing always gets its context', () => {
  expect(claimName({ label: 'Spec', context: 'VirtualService' }, new Set())).toBe('VirtualServiceSpec');
});
