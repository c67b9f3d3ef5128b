import type { ConfigMap, LimitRange, ResourceQuota, Secret } from '../../../imports/core/v1.js';
import { compareQuantity, parseQuantity } from '../../core/quantity.ts';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';
import { checkAmount, resourceFlaw } from './container.ts';
import { SELECTOR_OPERATORS } from './selector.ts';
import { checkValue, DATA_KEY, QUALIFIED_NAME, repeated } from './values.ts';

type Texts = Readonly<Record<string, string>>;

/** Of all values together, in bytes. */
const MAX_DATA = 1024 * 1024;

/** ConfigMaps. */
export function checkConfigMap(report: Report, configMap: ConfigMap): void {
  const { data = {}, binaryData = {} } = configMap;
  checkKeys(report, 'data', data);
  checkKeys(report, 'binaryData', binaryData);
  for (const key of Object.keys(binaryData)) {
    if (data[key] === undefined) continue;
    const said = `${showValue(key)} is in data as well`;
    report.add('kubernetes/data', `binaryData["${key}"]`, said, 'give it another key, or remove one of the two');
  }
  checkSize(report, configMap);
}

/** Keys that a Secret of a type has. */
const SECRET_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
]);
const ACCOUNT = 'kubernetes.io/service-account.name';

/** Secrets, of which those with data are refused anyway. Their values are not looked at. */
export function checkSecret(report: Report, { type = '', data = {}, stringData = {}, metadata }: Secret): void {
  const { add } = report;
  checkKeys(report, 'data', data);
  checkKeys(report, 'stringData', stringData);
  const has = (key: string): boolean => data[key] !== undefined || stringData[key] !== undefined;
  for (const key of SECRET_KEYS.get(type) ?? []) {
    if (!has(key))
      add('kubernetes/data', `data["${key}"]`, `is missing in a Secret of type ${type}`, 'write it, or another type');
  }
  if (type === 'kubernetes.io/basic-auth' && !has('username') && !has('password')) {
    add(
      'kubernetes/data',
      'data',
      `has no username and no password, as a Secret of type ${type} does`,
      'write one of them',
    );
  }
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[ACCOUNT]) {
    const said = 'is missing: a token belongs to a ServiceAccount';
    add('kubernetes/data', `metadata.annotations["${ACCOUNT}"]`, said, 'write the name of the ServiceAccount');
  }
}

function checkKeys({ add }: Report, path: string, data: Texts): void {
  for (const key of Object.keys(data)) {
    if (!DATA_KEY.test(key)) {
      add('kubernetes/data', path, `${showValue(key)} cannot be the name of a file`, `write ${DATA_KEY.expected}`);
    }
  }
}

function checkSize({ add }: Report, { data = {}, binaryData = {} }: ConfigMap): void {
  let units = 0;
  for (const key in data) units += data[key]?.length ?? 0;
  for (const key in binaryData) units += binaryData[key]?.length ?? 0;
  // A code unit has at most three bytes of UTF-8.
  if (units * 3 <= MAX_DATA) return;
  let bytes = 0;
  for (const text of Object.values(data)) bytes += Buffer.byteLength(text);
  for (const text of Object.values(binaryData)) bytes += Buffer.byteLength(text, 'base64');
  if (bytes <= MAX_DATA) return;
  const said = `has ${bytes} bytes, of which at most ${MAX_DATA} are allowed`;
  add('kubernetes/data', 'data', said, 'put large files into the image, or into storage');
}

const PODS = ['pods'];
const COMPUTE = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const CLAIMS = ['persistentvolumeclaims', 'requests.storage'];
const COUNTED = [
  ...PODS,
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
];
const MEASURED = [
  ...COMPUTE,
  'ephemeral-storage',
  'limits.ephemeral-storage',
  'requests.ephemeral-storage',
  'requests.storage',
];
const QUOTA_NAMES = new Set([...COUNTED, ...MEASURED]);

/** Scopes, and what can be counted in them. */
const SCOPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Terminating', [...PODS, ...COMPUTE]],
  ['NotTerminating', [...PODS, ...COMPUTE]],
  ['NotBestEffort', [...PODS, ...COMPUTE]],
  ['BestEffort', PODS],
  ['PriorityClass', [...PODS, ...COMPUTE]],
  ['CrossNamespacePodAffinity', [...PODS, ...COMPUTE]],
  ['VolumeAttributesClass', CLAIMS],
]);
/** Scopes that have values. */
const SELECTED = new Set(['PriorityClass', 'VolumeAttributesClass']);
const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];

/** ResourceQuotas. */
export function checkQuota(report: Report, spec: NonNullable<ResourceQuota['spec']>): void {
  const { add } = report;
  const { hard = {}, scopes = [], scopeSelector } = spec;
  for (const [name, amount] of Object.entries(hard)) {
    const path = `spec.hard["${name}"]`;
    const huge = /^(?:requests\.)?hugepages-/.test(name);
    const known = name.includes('/') ? QUALIFIED_NAME.test(name) : QUOTA_NAMES.has(name) || huge;
    if (!known) {
      const fix = 'write requests.cpu, limits.memory, requests.nvidia.com/gpu, pods, count/deployments.apps';
      add('kubernetes/quota', path, `${showValue(name)} is nothing that a quota counts`, fix);
    }
    // A storage class or a custom resource is counted whole, and requests.nvidia.com/gpu is not looked at.
    const whole = name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
    checkAmount(add, path, amount, whole || COUNTED.includes(name));
  }
  const checkScope = (path: string, scope: string): void => {
    checkValue(report, 'spec', path, scope, [...SCOPES.keys()]);
    const fits = SCOPES.get(scope);
    const wrong = fits && Object.keys(hard).find((name) => QUOTA_NAMES.has(name) && !fits.includes(name));
    if (wrong === undefined) return;
    const said = `${scope} cannot be asked of ${wrong}`;
    add('kubernetes/quota', `spec.${path}`, said, `write a quota of its own for ${wrong}`);
  };
  scopes.forEach((scope, index) => checkScope(`scopes[${index}]`, scope));
  scopeSelector?.matchExpressions?.forEach(({ scopeName, operator, values = [] }, index) => {
    const path = `scopeSelector.matchExpressions[${index}]`;
    checkScope(`${path}.scopeName`, scopeName);
    checkValue(report, `spec.${path}`, 'operator', operator, SELECTOR_OPERATORS);
    if (SCOPES.has(scopeName) && !SELECTED.has(scopeName) && operator !== 'Exists') {
      add('kubernetes/quota', `spec.${path}.operator`, `${scopeName} has no values`, 'write Exists');
    }
    const listed = operator === 'In' || operator === 'NotIn';
    const some = values.length > 0;
    if (listed === some || !SELECTOR_OPERATORS.includes(operator)) return;
    const said = listed ? `${operator} without values matches nothing` : `${operator} has no values`;
    add('kubernetes/quota', `spec.${path}.values`, said, listed ? 'list values' : 'leave values out');
  });
  const selected = (scopeSelector?.matchExpressions ?? []).map(({ scopeName }) => scopeName);
  for (const [path, names] of [
    ['spec.scopes', scopes],
    ['spec.scopeSelector.matchExpressions', selected],
  ] as const) {
    for (const pair of OPPOSITES) {
      if (!pair.every((scope) => names.includes(scope))) continue;
      add('kubernetes/quota', path, `${pair.join(' and ')} exclude each other`, 'leave one of them out');
    }
  }
}

type Limit = NonNullable<LimitRange['spec']>['limits'][number];

/** Bounds of which the first is at most the second. */
const BOUNDS = [
  ['min', 'max'],
  ['min', 'defaultRequest'],
  ['min', 'default'],
  ['defaultRequest', 'default'],
  ['defaultRequest', 'max'],
  ['default', 'max'],
] as const;

/** LimitRanges. */
export function checkLimitRange(report: Report, { limits }: NonNullable<LimitRange['spec']>): void {
  const { add } = report;
  limits.forEach((limit, index) => checkLimit(report, `spec.limits[${index}]`, limit));
  for (const [index, type] of repeated(limits, (limit) => limit.type)) {
    add('kubernetes/quota', `spec.limits[${index}].type`, `${type} is there already`, 'put the bounds into one item');
  }
}

function checkLimit(report: Report, path: string, limit: Limit): void {
  const { add } = report;
  const { type, max = {}, min = {} } = limit;
  if (!type.includes('/')) checkValue(report, path, 'type', type, ['Container', 'Pod', 'PersistentVolumeClaim']);
  if (type === 'PersistentVolumeClaim' && max.storage === undefined && min.storage === undefined) {
    add('kubernetes/quota', path, 'bounds no storage', 'write max or min with storage');
  }
  for (const field of ['default', 'defaultRequest'] as const) {
    if (type === 'Pod' && Object.keys(limit[field] ?? {}).length > 0) {
      add('kubernetes/quota', `${path}.${field}`, 'a pod has no amounts of its own', 'write it for type: Container');
    }
  }
  const amounts = ['default', 'defaultRequest', 'max', 'min', 'maxLimitRequestRatio'] as const;
  for (const field of type === 'Container' || type === 'Pod' ? amounts : []) {
    for (const name of Object.keys(limit[field] ?? {})) {
      const flaw = resourceFlaw(name);
      if (flaw !== undefined)
        add('kubernetes/quota', `${path}.${field}["${name}"]`, flaw, 'write cpu, memory or ephemeral-storage');
    }
  }
  for (const [low, high] of BOUNDS) {
    for (const [name, amount] of Object.entries(limit[low] ?? {})) {
      const other = limit[high]?.[name];
      const [least, most] = [parseQuantity(amount), other === undefined ? undefined : parseQuantity(other)];
      if (!least || !most || compareQuantity(least, most) <= 0) continue;
      const said = `${amount} is more than ${high}, ${other}`;
      add('kubernetes/quota', `${path}.${low}["${name}"]`, said, `write at most ${other}`);
    }
  }
  for (const [name, ratio] of Object.entries(limit.maxLimitRequestRatio ?? {})) {
    const quantity = parseQuantity(ratio);
    if (!quantity || quantity.nanos >= 10n ** 9n) continue;
    const said = `${ratio} is less than 1: a limit is at least its request`;
    add('kubernetes/quota', `${path}.maxLimitRequestRatio["${name}"]`, said, 'write 1 or more');
  }
}
