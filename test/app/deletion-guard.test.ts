import { expect, test } from 'vitest';
import { deletionGuard, guardedObject, lostState } from '../../src/app/deletion-guard.ts';

const UNIT = 'envs/prod-eu/eu-1/risk-ml/fraud';

// prettier-ignore
test.each<[string, string | undefined, string | undefined, string | undefined]>([
  // path, when the service goes, when it stays, when it stays and its releases decide
  [`${UNIT}/argocd-app.json`, 'prod-eu/fraud', 'prod-eu/fraud', 'prod-eu/fraud'],
  [`${UNIT}/manifests/inferenceservice.fraud-v46.yaml`, 'prod-eu/fraud', 'prod-eu/fraud/inferenceservice.fraud-v46', undefined],
  [`${UNIT}/manifests/inferenceservice.fraud-main.yaml`, 'prod-eu/fraud', 'prod-eu/fraud/inferenceservice.fraud-main', 'prod-eu/fraud/inferenceservice.fraud-main'],
  [`${UNIT}/manifests/service.serving.fraud-function-v46.yaml`, 'prod-eu/fraud', 'prod-eu/fraud/service.serving.fraud-function-v46', undefined],
  [`${UNIT}/manifests/service.serving.fraud-function.yaml`, 'prod-eu/fraud', 'prod-eu/fraud/service.serving.fraud-function', 'prod-eu/fraud/service.serving.fraud-function'],
  [`${UNIT}/manifests/persistentvolumeclaim.fraud-cache.yaml`, 'prod-eu/fraud', 'prod-eu/fraud/persistentvolumeclaim.fraud-cache', 'prod-eu/fraud/persistentvolumeclaim.fraud-cache'],
  [`${UNIT}/manifests/statefulset.fraud-db.yaml`, 'prod-eu/fraud', 'prod-eu/fraud/statefulset.fraud-db', 'prod-eu/fraud/statefulset.fraud-db'],
  [`${UNIT}/manifests/virtualservice.fraud.yaml`, undefined, undefined, undefined],
  [`${UNIT}/manifests/service.fraud.yaml`, undefined, undefined, undefined],
  ['envs/dev/dev-1/risk-ml/_shared/manifests/namespace.risk-ml-dev.yaml', 'dev/risk-ml/_shared', 'dev/risk-ml/_shared/namespace.risk-ml-dev', 'dev/risk-ml/_shared/namespace.risk-ml-dev'],
  ['argocd/appproject.risk-ml.yaml', 'argocd/appproject.risk-ml.yaml', 'argocd/appproject.risk-ml.yaml', 'argocd/appproject.risk-ml.yaml'],
  ['README.md', undefined, undefined, undefined],
])('%s', (path, goes, stays, released) => {
  const guard = (remains: boolean, known: boolean): string | undefined => deletionGuard({ remains: () => remains, released: () => known })(path);
  expect([guard(false, false), guard(true, false), guard(true, true)]).toEqual([goes, stays, released]);
});

test.each<[string, string | undefined]>([
  [`${UNIT}/manifests/inferenceservice.fraud-v46.yaml`, 'InferenceService fraud-v46'],
  [`${UNIT}/manifests/service.serving.fraud-function.yaml`, 'Knative Service fraud-function'],
  [`${UNIT}/manifests/persistentvolumeclaim.fraud-cache.yaml`, 'PersistentVolumeClaim fraud-cache'],
  [`${UNIT}/argocd-app.json`, undefined],
  ['argocd/appproject.risk-ml.yaml', undefined],
])('what %s holds, for people', (path, object) => {
  expect(guardedObject(path)).toBe(object);
});

test('asks about the unit and the service that a path belongs to', () => {
  const asked: string[] = [];
  const guard = deletionGuard({
    remains: (unit) => asked.push(unit) > 0,
    released: (...service) => asked.push(service.join(' ')) > 0,
  });
  guard(`${UNIT}/manifests/inferenceservice.fraud-v46.yaml`);
  expect(asked).toEqual([UNIT, 'prod-eu risk-ml fraud inferenceservice.fraud-v46.yaml']);
});

test('of a released workload that would go because its state got lost it says which file to restore', () => {
  const workload = `${UNIT}/manifests/inferenceservice.fraud-v46.yaml`;
  const file = 'releases/prod-eu/risk-ml/fraud.yaml';
  const instead = (records: readonly string[], emptyStore: string | undefined, path = workload): string | undefined =>
    lostState(() => ({ file, records, emptyStore }))(path);
  expect(instead(['v45', 'v46'], undefined)).toBe(
    `there are release records of fraud, but no state at ${file}: restore that file from Git`,
  );
  expect(instead(['v45'], undefined), 'it was never released').toBe(
    'bring it back; a release changes what runs, and warms the new one first: npx ai-service release fraud',
  );
  expect(instead(['v46'], undefined, `${UNIT}/manifests/service.fraud-v46.yaml`), 'no workload').toBeUndefined();
  expect(instead([], 'relases')).toBe(
    `bring it back; if fraud was released, restore ${file} from Git, or correct releases of the platform: there is no state in relases`,
  );
  expect(lostState(() => undefined)(workload), 'there is a state').toBeUndefined();
});
