import { expect, test } from 'vitest';
import { parseWith } from '../../src/service/parse.ts';
import { aiService } from '../../src/service/service.ts';

const valid = {
  owner: { team: 'risk-ml' },
  predictor: {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/fraud/v47/' },
    resources: { cpu: '4', memory: '8Gi' },
  },
};

function findingsFor(value: unknown): { field: string | undefined; message: string; fix: string }[] {
  return parseWith(aiService, value, { service: 'fraud' }).findings.map(({ where, message, fix }) => ({ field: where.field, message, fix }));
}

test('a service gets every default', () => {
  const { value, findings } = parseWith(aiService, valid, {});
  expect(findings).toEqual([]);
  expect(value?.predictor?.scaling).toEqual({ min: 1 });
  expect(value?.traffic.retries).toEqual({ attempts: 2 });
  expect(value?.predictor?.resources.limits).toEqual({});
});

test('an unknown field is named, with the one that was meant', () => {
  expect(findingsFor({ ...valid, predictor: { ...valid.predictor, scalling: {} } })).toEqual([
    { field: 'predictor.scalling', message: 'unknown field "scalling"', fix: 'did you mean "scaling"?' },
  ]);
});

test('a quantity without sense says what was meant', () => {
  const [cpu] = findingsFor({ ...valid, predictor: { ...valid.predictor, resources: { cpu: '-1', memory: '8Gi' } } });
  expect(cpu?.field).toBe('predictor.resources.cpu');
  const [memory] = findingsFor({ ...valid, predictor: { ...valid.predictor, resources: { cpu: '4', memory: '8GB' } } });
  expect(memory).toMatchObject({ field: 'predictor.resources.memory' });
  expect(memory?.fix).toContain('8Gi');
});

test('all mistakes are found, not only the first', () => {
  const found = findingsFor({ owner: {}, predictor: { framework: 'sklern', resources: { cpu: '4', memory: '8Gi' } } });
  expect(found.map(({ field }) => field)).toEqual(['owner.team', 'predictor.framework']);
});

test('a missing field says what is expected', () => {
  expect(findingsFor({ predictor: valid.predictor })).toEqual([
    { field: 'owner', message: 'the field is missing', fix: 'write it; expected a map' },
  ]);
});

test('a union that nothing fits names the forms', () => {
  const [finding] = findingsFor({ ...valid, predictor: { ...valid.predictor, scaling: { target: 70 } } });
  expect(finding?.field).toBe('predictor.scaling.target');
  expect(finding?.message).toBe('70 fits none of the forms that are allowed here');
});

test('the option of a union that got furthest says what is wrong', () => {
  const [finding] = findingsFor({ ...valid, predictor: { ...valid.predictor, model: { uri: 's3://ml-models/fraud/latest/' } } });
  expect(finding?.field).toBe('predictor.model.uri');
  expect(finding?.message).toContain('floating name');
});

test('a service needs a predictor or a function', () => {
  expect(findingsFor({ owner: { team: 'risk-ml' } })[0]?.message).toBe('the service has neither a predictor nor a function');
});
