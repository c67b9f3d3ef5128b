import { expect, test } from 'vitest';
import { refusal, type ResolvedModel } from '../../../src/release/registries/registry.ts';

const MODEL: ResolvedModel = {
  name: 'fraud',
  version: '12',
  uri: 's3://ml-models/fraud/v12/',
  status: 'ready',
  approval: 'approved',
  metrics: {},
  tags: {},
  datasets: {},
};
const WHERE = { service: 'fraud-detector' };

test.each(['approved', 'unknown'] as const)(
  'a version that is ready, and whose approval is %s, may be released',
  (approval) => {
    expect(refusal({ ...MODEL, approval }, WHERE)).toBeUndefined();
  },
);

test('a version that waits for approval is refused with what to do', () => {
  expect(refusal({ ...MODEL, approval: 'pending' }, WHERE)).toEqual({
    id: 'registry/not-approved',
    severity: 'error',
    where: WHERE,
    message: 'version "12" of "fraud" waits for approval',
    fix: 'have it approved in the registry, name an approved version, or let the policy take versions that are not approved',
  });
});

test.each(['pending', 'rejected'] as const)('a policy may take a version whose approval is %s', (approval) => {
  expect(refusal({ ...MODEL, approval }, WHERE, { unapproved: true })).toBeUndefined();
});

test.each(['pending', 'failed'] as const)('no policy takes a version that is %s', (status) => {
  expect(refusal({ ...MODEL, status }, WHERE, { unapproved: true })?.id).toBe('registry/not-ready');
});
