import type { AuthorizationPolicy } from '../../../imports/security.istio.io/v1.js';
import type { Report } from '../report.ts';
import { isAddressRange } from './common.ts';
import { checkTargets } from './targets.ts';

type Spec = NonNullable<AuthorizationPolicy['spec']>;
type Rule = NonNullable<Spec['rules']>[number];
type Source = NonNullable<NonNullable<NonNullable<Rule['from']>[number]['source']>>;
type Operation = NonNullable<NonNullable<NonNullable<Rule['to']>[number]['operation']>>;
type Condition = NonNullable<Rule['when']>[number];

const ID = 'istio/authorization-policy';

/** Checks an AuthorizationPolicy beyond its schema. */
export function checkAuthorizationPolicy(report: Report, { metadata, spec = {} }: AuthorizationPolicy): void {
  const { add } = report;
  const { action = 'ALLOW', provider, rules } = spec;
  checkTargets(report, spec);
  checkDryRun(report, action, metadata.annotations?.['istio.io/dry-run']);
  if (action === 'CUSTOM' && !provider?.name) {
    add(ID, 'spec.provider', 'action CUSTOM asks a provider, and none is named', 'write provider: { name: … }');
  }
  if (action !== 'CUSTOM' && provider) {
    add(ID, 'spec.provider', `action ${action} asks no provider`, 'remove provider, or write action: CUSTOM');
  }
  if (!rules?.length) {
    if (action === 'ALLOW') {
      add('istio/denies-everything', 'spec.rules', 'ALLOW without rules denies every request', 'list what is allowed');
    } else {
      const message = `action ${action} has no rules, so it does nothing`;
      add(action === 'AUDIT' ? 'istio/ignored' : ID, 'spec.rules', message, 'list what it applies to');
    }
  }
  rules?.forEach((rule, index) => checkRule(report, `spec.rules[${index}]`, rule, action));
}

function checkDryRun({ add }: Report, action: string, dryRun: string | undefined): void {
  if (dryRun === undefined) return;
  const field = 'metadata.annotations["istio.io/dry-run"]';
  if (action !== 'ALLOW' && action !== 'DENY') {
    add('istio/annotation', field, `action ${action} cannot be tried out`, 'remove it');
  } else if (!/^(?:1|t|true|0|f|false)$/i.test(dryRun)) {
    add('istio/annotation', field, `${JSON.stringify(dryRun)} is neither true nor false`, 'write "true"');
  }
}

function checkRule(report: Report, field: string, { from, to, when }: Rule, action: string): void {
  const { add } = report;
  from?.forEach(({ source }, index) => {
    const place = `${field}.from[${index}].source`;
    if (!source || isEmpty(source)) add(ID, place, 'an empty source is refused', 'say who calls, or remove it');
    else checkSource(report, place, source, action);
  });
  to?.forEach(({ operation }, index) => {
    const place = `${field}.to[${index}].operation`;
    if (!operation || isEmpty(operation)) {
      add(ID, place, 'an empty operation is refused', 'say what is called, or remove it');
    } else checkOperation(report, place, operation);
  });
  when?.forEach((condition, index) => checkCondition(report, `${field}.when[${index}]`, condition, action));
}

function isEmpty(lists: Source | Operation): boolean {
  return (Object.values(lists) as (readonly string[])[]).every((list) => list.length === 0);
}

function checkSource(report: Report, field: string, source: Source, action: string): void {
  for (const [name, values] of Object.entries(source) as [string, readonly string[]][]) {
    const place = `${field}.${name}`;
    const check = /TrustDomains$/i.test(name) ? checkTrustDomains : checkValues;
    check(report, place, values);
    if (/IpBlocks$/i.test(name)) checkAddresses(report, place, values);
    if (/ServiceAccounts$/i.test(name)) checkServiceAccounts(report, place, values);
    if (action === 'CUSTOM' && values.length > 0 && !/IpBlocks$/i.test(name)) notAsked(report, place);
  }
  const { serviceAccounts = [], notServiceAccounts = [], principals = [], notPrincipals = [] } = source;
  const { namespaces = [], notNamespaces = [] } = source;
  const others = [principals, notPrincipals, namespaces, notNamespaces].some((list) => list.length > 0);
  if (serviceAccounts.length + notServiceAccounts.length > 0 && others) {
    const message = 'serviceAccounts stand beside namespaces or principals, which they name already';
    report.add(ID, `${field}.serviceAccounts`, message, 'choose one');
  }
}

function checkOperation(report: Report, field: string, operation: Operation): void {
  for (const [name, values] of Object.entries(operation) as [string, readonly string[]][]) {
    checkValues(report, `${field}.${name}`, values);
    if (/ports$/i.test(name)) checkPorts(report, `${field}.${name}`, values);
    if (/paths$/i.test(name)) checkPaths(report, `${field}.${name}`, values);
  }
}

/** Attributes of a condition, and what their values are (istio 1.30.3 pkg/config/security ValidateAttribute). */
const ATTRIBUTES: Readonly<Record<string, typeof checkValues>> = {
  'source.ip': checkAddresses,
  'remote.ip': checkAddresses,
  'source.namespace': checkValues,
  'source.serviceAccount': checkServiceAccounts,
  'source.principal': checkValues,
  'source.trustDomain': checkTrustDomains,
  'request.auth.principal': checkValues,
  'request.auth.audiences': checkValues,
  'request.auth.presenter': checkValues,
  'destination.ip': checkAddresses,
  'destination.port': checkPorts,
  'connection.sni': checkValues,
};

/** Attributes with a name in brackets. */
const NAMED = /^(?:request\.headers|request\.auth\.claims|experimental\.envoy\.filters\.)/;

function checkCondition(report: Report, field: string, condition: Condition, action: string): void {
  const { key, values = [], notValues = [] } = condition;
  const { add } = report;
  const check = ATTRIBUTES[key] ?? (key.startsWith('request.headers') ? checkValues : undefined);
  for (const [name, list] of Object.entries({ values, notValues })) check?.(report, `${field}.${name}`, list);
  if (!ATTRIBUTES[key] && !NAMED.test(key)) {
    add(ID, `${field}.key`, `${JSON.stringify(key)} is no attribute`, 'write request.headers[x-user], source.ip, …');
  } else if (!ATTRIBUTES[key] && !/^[^[]+\[.+\]$/.test(key)) {
    add(ID, `${field}.key`, `${JSON.stringify(key)} says not which one`, `write ${key.replace(/\[.*/, '')}[<name>]`);
  }
  if (values.length + notValues.length === 0)
    add(ID, field, 'the condition has no values', 'write values or notValues');
  if (
    action === 'CUSTOM' &&
    /^(?:source\.(?:namespace|serviceAccount|trustDomain|principal)$|request\.auth\.)/.test(key)
  ) {
    notAsked(report, `${field}.key`);
  }
}

/** The provider of a CUSTOM policy is asked before the caller is known. */
function notAsked({ add }: Report, field: string): void {
  add(ID, field, 'with action CUSTOM nobody knows the caller yet', 'use addresses, hosts, paths or headers');
}

function checkValues({ add }: Report, field: string, values: readonly string[]): void {
  if (values.includes('')) add(ID, field, 'a value is empty', 'remove it');
}

function checkAddresses({ add }: Report, field: string, values: readonly string[]): void {
  for (const value of values) {
    if (isAddressRange(value)) continue;
    add(ID, field, `${JSON.stringify(value)} is neither an address nor a range of them`, 'write 10.1.0.0/16');
  }
}

function checkPorts({ add }: Report, field: string, values: readonly string[]): void {
  for (const value of values) {
    if (/^\d+$/.test(value) && Number(value) <= 65535) continue;
    add(ID, field, `${JSON.stringify(value)} is no port`, 'write the number of the port, as text');
  }
}

function checkServiceAccounts({ add }: Report, field: string, values: readonly string[]): void {
  for (const value of values) {
    if (/^[^*/]+(?:\/[^*/]+)?$/.test(value)) continue;
    add(ID, field, `${JSON.stringify(value)} is no ServiceAccount`, 'write <name> or <namespace>/<name>, without "*"');
  }
}

function checkTrustDomains(report: Report, field: string, values: readonly string[]): void {
  checkValues(report, field, values);
  for (const domain of values) {
    if (/^(?:\*?[^*/]*|[^*/]*\*)$/.test(domain)) continue;
    report.add(
      ID,
      field,
      `${JSON.stringify(domain)} is no trust domain`,
      'write cluster.local, with "*" at one end at most',
    );
  }
}

/** `{*}` stands for one part of a path, `{**}` at the end for all that is left. */
function checkPaths({ add }: Report, field: string, paths: readonly string[]): void {
  for (const path of paths) {
    const parts = path.replace(/^\/+|\/+$/g, '').split('/');
    const rest = parts.indexOf('{**}');
    const isTemplate = path.includes('{*}') || path.includes('{**}');
    const fine = parts.every((part, index) => {
      if (part === '{*}' || part === '{**}') return rest === -1 || index <= rest;
      return isTemplate ? /^[-\w.~%!$&'()+,;:@=]+$/.test(part) : !/[{}]/.test(part);
    });
    if (fine) continue;
    const fix = 'write /v1/models/{*}/infer or /v1/{**}, without other "*", "{" and "}"';
    add(ID, field, `${JSON.stringify(path)} is no pattern of a path`, fix);
  }
}
