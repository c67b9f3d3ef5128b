import type { ExternalSecret } from '../../imports/external-secrets.io/v1.js';
import type { Finding, Rule, Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { groupOf, objectLabel, type KubeObject } from '../core/object.ts';
import type { ContainerWorkload, ServerWorkload } from '../release/record.ts';
import type { Target } from '../render/target.ts';
import { fieldPath } from '../service/parse.ts';
import { reporter, type Report } from './report.ts';
import { isSecretName, namedArguments, secretForm, secretReason } from './secret-text.ts';

/** Rules that keep secret values out of Git. No message ever repeats a value. */
export const SECRET_RULES: readonly Rule[] = [
  {
    id: 'secrets/secret-object',
    severity: 'error',
    summary: 'No Secret with data.',
    source: 'ours: what is in Git is known to all who read it, for ever',
  },
  {
    id: 'secrets/literal',
    severity: 'error',
    summary: 'Secrets are given by reference, never as text.',
    source: 'ours: what is in Git is known to all who read it, for ever',
  },
  {
    id: 'secrets/external-secret',
    severity: 'error',
    summary: 'An ExternalSecret reads something, each key once, and its policies go together.',
    source: 'external-secrets 2.9 apis/externalsecrets/v1/externalsecret_validator.go',
  },
  {
    id: 'secrets/not-installed',
    severity: 'error',
    summary: 'Secrets from a store need External Secrets on the cluster.',
    source: 'the cluster as the platform declares it',
  },
  {
    id: 'secrets/unknown-key',
    severity: 'error',
    summary: 'A reference names a key that the secret has.',
    source: 'Kubernetes: a container with a missing key does not start',
  },
];

const report = reporter(SECRET_RULES);

const REFERENCE = 'put it into a secret store, name it in secrets, and refer to it: { secret: <name>, key: <key> }';

/**
 * Checks an object for secret values, whoever made it, and ExternalSecrets for what their webhook refuses.
 *
 * @example checkSecrets(secret) // [{ id: 'secrets/secret-object', … }]
 */
export function checkSecrets(object: KubeObject): Finding[] {
  const group = groupOf(object.apiVersion);
  // Rules and dashboards have no containers, and more text than all other objects together.
  if (group === 'monitoring.coreos.com') return [];
  const result = report({ object: objectLabel(object) });
  if (group === '' && object.kind === 'Secret') checkSecretObject(result, object);
  else if (group === '' && object.kind === 'ConfigMap') checkConfigMap(result, object);
  else if (group === 'external-secrets.io' && object.kind === 'ExternalSecret') {
    checkExternalSecret(result, object as unknown as ExternalSecret);
  } else if (typeof object['spec'] === 'object' && object['spec'] !== null) {
    checkContainers(result, ['spec'], object['spec']);
  }
  return result.findings;
}

function checkSecretObject({ add }: Report, object: KubeObject): void {
  for (const field of ['data', 'stringData']) {
    if (Object.keys((object[field] as object | undefined) ?? {}).length > 0) {
      add(
        'secrets/secret-object',
        field,
        'a Secret with data would put its values into Git',
        'use an ExternalSecret, or a Secret that exists on the cluster',
      );
    }
  }
}

function checkConfigMap({ add }: Report, object: KubeObject): void {
  for (const [key, value] of Object.entries((object['data'] as Record<string, unknown> | undefined) ?? {})) {
    const reason = typeof value === 'string' ? secretReason(key, value) : undefined;
    if (reason !== undefined) {
      add(
        'secrets/literal',
        `data[${JSON.stringify(key)}]`,
        reason,
        'put it into a secret store, and mount the Secret',
      );
    }
  }
}

/**
 * Looks for `env`, `args` and `command` wherever a kind has its containers.
 *
 * @param path of the value, which is put together only where something is wrong.
 */
function checkContainers(result: Report, path: PropertyKey[], value: object): void {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item !== 'object' || item === null) continue;
      path.push(index);
      checkContainers(result, path, item);
      path.pop();
    }
    return;
  }
  for (const key in value) {
    const child: unknown = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof child !== 'object' || child === null) continue;
    path.push(key);
    if (key === 'env' && Array.isArray(child)) checkEnv(result, path, child);
    else if ((key === 'args' || key === 'command') && Array.isArray(child))
      checkArguments(result, () => fieldAt(path), child);
    else checkContainers(result, path, child);
    path.pop();
  }
}

function fieldAt(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

function checkEnv({ add }: Report, path: readonly PropertyKey[], env: readonly unknown[]): void {
  env.forEach((item, index) => {
    const { name, value } = (item ?? {}) as { name?: unknown; value?: unknown };
    if (typeof name !== 'string' || typeof value !== 'string') return;
    const reason = secretReason(name, value);
    if (reason !== undefined) {
      add(
        'secrets/literal',
        `${fieldAt(path)}[${index}].value`,
        reason,
        'refer to it: valueFrom: { secretKeyRef: { name, key } }',
      );
    }
  });
}

function checkArguments({ add }: Report, field: () => string, items: readonly unknown[]): void {
  const args = items.filter((item): item is string => typeof item === 'string');
  const fix = 'hand it in as an environment variable from a Secret, and write $(NAME) here';
  const named = namedArguments(args);
  args.forEach((arg, index) => {
    const own = named.findLast((each) => each.index === index);
    const form = own ? undefined : secretForm(arg);
    const reason = own ? secretReason(own.name, own.text) : form && `the argument looks like ${form}`;
    if (reason) add('secrets/literal', `${field()}[${index}]`, reason, fix);
  });
}

function checkExternalSecret({ add }: Report, { spec = {} }: ExternalSecret): void {
  const { data = [], dataFrom = [], target } = spec;
  const id = 'secrets/external-secret';
  if (data.length + dataFrom.length === 0) {
    add(id, 'spec.data', 'the ExternalSecret reads nothing', 'list keys in data, or use dataFrom');
  }
  const keys = new Set<string>();
  data.forEach(({ secretKey }, index) => {
    if (keys.has(secretKey)) {
      add(id, `spec.data[${index}].secretKey`, `key ${secretKey} is filled twice`, 'rename one of them');
    }
    keys.add(secretKey);
  });
  dataFrom.forEach(({ extract, find, sourceRef }, index) => {
    const ways = [extract, find, sourceRef?.generatorRef].filter(Boolean).length;
    if (ways !== 1) {
      add(
        id,
        `spec.dataFrom[${index}]`,
        ways === 0 ? 'it reads nothing' : 'it reads in several ways',
        'write exactly one of extract, find, sourceRef.generatorRef',
      );
    }
  });
  const { creationPolicy = 'Owner', deletionPolicy = 'Retain' } = target ?? {};
  if (deletionPolicy === 'Delete' && creationPolicy !== 'Owner') {
    add(
      id,
      'spec.target.deletionPolicy',
      `Delete needs creationPolicy Owner, not ${creationPolicy}`,
      'write deletionPolicy: Retain',
    );
  }
  if (deletionPolicy === 'Merge' && creationPolicy === 'None') {
    add(
      id,
      'spec.target.deletionPolicy',
      'Merge has nothing to merge into with creationPolicy None',
      'write deletionPolicy: Retain',
    );
  }
}

/**
 * Checks what a service says about secrets, and names the fields as they are written in the source: literals in `env`
 * and `args` of what runs, and references to `secrets` of its own.
 */
export function checkSecretReferences(target: Target): Finding[] {
  const { service, environment, clusterName, cluster, spec, serving } = target;
  const result = report({ service, environment, cluster: clusterName });
  for (const [name, { keys }] of Object.entries(spec.secrets)) {
    if (!cluster.externalSecrets) {
      result.add(
        'secrets/not-installed',
        `secrets.${name}`,
        `cluster ${clusterName} has no External Secrets to fill the Secret`,
        'add externalSecrets: { version } to the cluster, or use a Secret that exists there',
      );
    }
    if (Object.keys(keys).length === 0) {
      result.add(
        'secrets/external-secret',
        `secrets.${name}.keys`,
        'the Secret would have no keys',
        'write keys: { <key>: { key: <name in the store> } }',
      );
    }
  }
  for (const workload of serving.workloads) {
    if (workload.kind === 'function') {
      checkPart(result, target, 'function', workload.container);
      continue;
    }
    checkPart(result, target, workload.part === 'predictor' ? 'predictor' : `models.${workload.part}`, workload.server);
    if (workload.transformer) checkPart(result, target, 'transformer', workload.transformer);
    if (workload.explainer) checkPart(result, target, 'explainer', workload.explainer);
  }
  return result.findings;
}

function checkPart(
  result: Report,
  { spec }: Target,
  part: string,
  { env = {}, args }: ServerWorkload | ContainerWorkload,
): void {
  for (const [name, value] of Object.entries(env)) {
    const field = `${part}.env.${name}`;
    if (typeof value === 'string') {
      const reason = secretReason(name, value);
      if (reason !== undefined) result.add('secrets/literal', field, reason, REFERENCE);
    } else if ('url' in value || 'part' in value || 'service' in value) {
      const form = 'url' in value ? secretForm(value.url) : undefined;
      if (form !== undefined) {
        result.add('secrets/literal', field, `the value of ${name} looks like ${form}`, REFERENCE);
      } else if (isSecretName(name)) {
        // In the object it is a literal under this name, whatever it was made of.
        const reason = `${name} is the name of a secret, and has an address`;
        result.add('secrets/literal', field, reason, 'give it the name of an address, as MODEL_URL');
      }
    } else if ('secret' in value) {
      // A name such as `constructor` is nobody's but an object's own.
      const known = Object.hasOwn(spec.secrets, value.secret) ? spec.secrets[value.secret]?.keys : undefined;
      if (!known || Object.hasOwn(known, value.key)) continue;
      const near = didYouMean(value.key, Object.keys(known));
      const fix = near ? `did you mean ${near}?` : `use one of ${Object.keys(known).join(', ')}`;
      result.add('secrets/unknown-key', field, `secret ${value.secret} has no key ${JSON.stringify(value.key)}`, fix);
    }
  }
  if (args) checkArguments(result, () => `${part}.args`, args);
}

/**
 * Checks what is written beside the objects, as it stands in the sources: text in the form of a key anywhere, and literals
 * in `env` and `args`, also of what no release carries.
 *
 * @example checkSecretText({ spec }, { service: 'fraud' }) // [{ id: 'secrets/literal', where: { field: 'spec.predictor.env.HF_TOKEN', … }, … }]
 */
export function checkSecretText(data: object, where: Where): Finding[] {
  const result = report(where);
  const path: PropertyKey[] = [];
  const look = (value: unknown, name: PropertyKey): void => {
    if (typeof value === 'string') {
      const inEnv = path.at(-2) === 'env' ? secretReason(String(name), value) : undefined;
      const form = secretForm(value);
      const reason = inEnv ?? (form && `the text looks like ${form}`);
      if (reason !== undefined) result.add('secrets/literal', fieldPath(undefined, path), reason, REFERENCE);
    } else if (typeof value === 'object' && value !== null) {
      const list = Array.isArray(value);
      if (list && (name === 'args' || name === 'command')) {
        checkArguments(result, () => fieldPath(undefined, path), value);
        return;
      }
      for (const key of Object.keys(value)) {
        const step = list ? Number(key) : key;
        path.push(step);
        look((value as Readonly<Record<string, unknown>>)[key], step);
        path.pop();
      }
    }
  };
  look(data, '');
  return result.findings;
}
