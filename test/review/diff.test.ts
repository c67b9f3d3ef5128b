import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCatalogue, OWN_IMPORTS } from '../../src/check/schema/catalogue.ts';
import { resolveNode } from '../../src/check/schema/schema-node.ts';
import { differences } from '../../src/review/diff.ts';
import type { Known } from '../../src/review/lists.ts';
import { applyChanges } from '../support/apply-changes.ts';
import { fc } from '../support/property.ts';

const schemas = createCatalogue([OWN_IMPORTS]);

function knownOf(apiVersion: string, kind: string): Known | undefined {
  const schema = schemas.lookup(apiVersion, kind);
  return schema && { node: resolveNode(schema.schema, schema.definitions), definitions: schema.definitions };
}

/** What differs between two texts of YAML: `field: before → after`. */
function said(kind: string, before: string, after: string, known?: Known): string[] {
  return differences(kind, parse(before), parse(after), known).map((change) => {
    const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
    return change.op === 'change'
      ? `${change.field}: ${show(change.before)} → ${show(change.after)}`
      : change.op === 'add'
        ? `+ ${change.field}: ${show(change.after)}`
        : `- ${change.field}: ${show(change.before)}`;
  });
}

describe('what means the same is no change', () => {
  test.each([
    ['the order of keys', 'Deployment', '{a: 1, b: 2}', '{b: 2, a: 1}'],
    [
      'a processor in thousandths',
      'Deployment',
      '{resources: {requests: {cpu: 1000m}}}',
      '{resources: {requests: {cpu: 1}}}',
    ],
    ['half a processor', 'Deployment', '{resources: {limits: {cpu: "0.5"}}}', '{resources: {limits: {cpu: 500m}}}'],
    [
      'memory in another unit',
      'Deployment',
      '{resources: {limits: {memory: 1Gi}}}',
      '{resources: {limits: {memory: 1024Mi}}}',
    ],
    ['a timeout in minutes', 'VirtualService', '{spec: {http: [{timeout: 60s}]}}', '{spec: {http: [{timeout: 1m}]}}'],
    ['a delay of an alert', 'PrometheusRule', '{rules: [{alert: A, for: 1h30m}]}', '{rules: [{alert: A, for: 90m}]}'],
    ['a field that is null', 'Deployment', '{a: 1, b: null}', '{a: 1}'],
    [
      'the order of containers',
      'Deployment',
      '{containers: [{name: a}, {name: b}]}',
      '{containers: [{name: b}, {name: a}]}',
    ],
    [
      'the order of variables',
      'Deployment',
      '{env: [{name: A, value: x}, {name: B, value: y}]}',
      '{env: [{name: B, value: y}, {name: A, value: x}]}',
    ],
    ['the order of hosts', 'VirtualService', '{hosts: [a, b]}', '{hosts: [b, a]}'],
    [
      'the order of destinations of a route',
      'VirtualService',
      '{http: [{route: [{destination: {host: a}, weight: 90}, {destination: {host: b}, weight: 10}]}]}',
      '{http: [{route: [{destination: {host: b}, weight: 10}, {destination: {host: a}, weight: 90}]}]}',
    ],
    [
      'the order of what a project allows',
      'AppProject',
      '{destinations: [{namespace: a}, {namespace: b}]}',
      '{destinations: [{namespace: b}, {namespace: a}]}',
    ],
    [
      'the order of rules of a role',
      'Role',
      '{rules: [{verbs: [get]}, {verbs: [list]}]}',
      '{rules: [{verbs: [list]}, {verbs: [get]}]}',
    ],
  ])('%s', (_, kind, before, after) => {
    expect(said(kind, before, after)).toEqual([]);
  });

  test('the order of a list that the schema says has keys, under a name that nobody knows', () => {
    const known: Known = {
      node: {
        type: 'object',
        properties: { gates: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['at'] } },
      },
      definitions: {},
    };
    const [before, after] = ['{gates: [{at: 1, max: 5}, {at: 2}]}', '{gates: [{at: 2}, {at: 1, max: 6}]}'];
    expect(said('Policy', before, after, known)).toEqual(['gates[1].max: 5 → 6']);
    expect(said('Policy', before, after)).toHaveLength(2);
  });

  test('the order of groups of rules, whose schema has a key', () => {
    const [before, after] = [
      '{spec: {groups: [{name: a, rules: []}, {name: b, rules: []}]}}',
      '{spec: {groups: [{name: b, rules: []}, {name: a, rules: []}]}}',
    ];
    expect(said('PrometheusRule', before, after, knownOf('monitoring.coreos.com/v1', 'PrometheusRule'))).toEqual([]);
  });
});

describe('what does not mean the same is one', () => {
  test.each([
    [
      'text of a program that happens to look like a quantity',
      'Deployment',
      '{env: [{name: A, value: 1000m}]}',
      '{env: [{name: A, value: "1"}]}',
      ['env[A].value: 1000m → 1'],
    ],
    ['a label', 'Deployment', '{labels: {timeout: 60s}}', '{labels: {timeout: 1m}}', ['labels.timeout: 60s → 1m']],
    [
      'the order of routes, of which the first that matches wins',
      'VirtualService',
      '{http: [{name: a}, {name: b}]}',
      '{http: [{name: b}, {name: a}]}',
      ['- http[a]: {"name":"a"}', '+ http[a]: {"name":"a"}'],
    ],
    [
      'the order of rules in a group',
      'PrometheusRule',
      '{rules: [{record: a}, {record: b}]}',
      '{rules: [{record: b}, {record: a}]}',
      ['- rules[a]: {"record":"a"}', '+ rules[a]: {"record":"a"}'],
    ],
    [
      'the order of init containers',
      'Pod',
      '{initContainers: [{name: a}, {name: b}]}',
      '{initContainers: [{name: b}, {name: a}]}',
      ['- initContainers[a]: {"name":"a"}', '+ initContainers[a]: {"name":"a"}'],
    ],
    ['the order of arguments', 'Pod', '{args: [--a, --b]}', '{args: [--b, --a]}', ['- args[0]: --a', '+ args[1]: --a']],
    ['a number that became text', 'Service', '{port: 80}', '{port: "80"}', ['port: 80 → 80']],
    [
      'an empty map',
      'Pod',
      '{volumes: [{name: a, emptyDir: {}}]}',
      '{volumes: [{name: a}]}',
      ['- volumes[a].emptyDir: {}'],
    ],
  ])('%s', (_, kind, before, after, changes) => {
    expect(said(kind, before, after)).toEqual(changes);
  });
});

describe('a change is named where a reader looks for it', () => {
  test('in a container by its name', () => {
    expect(
      said(
        'Deployment',
        '{containers: [{name: a, image: x:1}, {name: b, image: y:1}]}',
        '{containers: [{name: b, image: y:2}, {name: a, image: x:1}]}',
      ),
    ).toEqual(['containers[b].image: y:1 → y:2']);
  });
  test('in a port by its number, with the protocol where that is needed', () => {
    expect(said('Pod', '{ports: [{containerPort: 80}]}', '{ports: [{containerPort: 80, name: http}]}')).toEqual([
      '+ ports[80].name: http',
    ]);
    expect(
      said(
        'Pod',
        '{ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]}',
        '{ports: [{containerPort: 53, protocol: UDP}]}',
      ),
    ).toEqual(['- ports[53 TCP]: {"containerPort":53}']);
  });
  test('in an alert by its name, although others came before it', () => {
    const before = '{rules: [{alert: A, for: 5m}, {alert: B, for: 5m}]}';
    const after = '{rules: [{record: r}, {alert: A, for: 5m}, {alert: B, for: 10m}]}';
    expect(said('PrometheusRule', before, after)).toEqual(['+ rules[r]: {"record":"r"}', 'rules[B].for: 5m → 10m']);
  });
  test('in one of two alerts of a name, told apart by their labels', () => {
    const before =
      '{rules: [{alert: A, labels: {severity: critical}}, {alert: A, labels: {severity: warning}, for: 5m}]}';
    const after = '{rules: [{alert: A, labels: {severity: warning}, for: 6m}]}';
    expect(said('PrometheusRule', before, after)).toEqual([
      '- rules[A]: {"alert":"A","labels":{"severity":"critical"}}',
      'rules[A].for: 5m → 6m',
    ]);
  });
  test('an alert in the place of another one is not a changed alert', () => {
    expect(said('PrometheusRule', '{rules: [{alert: A}]}', '{rules: [{alert: B}]}')).toEqual([
      '- rules[A]: {"alert":"A"}',
      '+ rules[B]: {"alert":"B"}',
    ]);
  });
  test('an argument where it stands', () => {
    expect(said('Pod', '{args: [--a=1, --b]}', '{args: [--a=2, --b]}')).toEqual(['args[0]: --a=1 → --a=2']);
  });
  test('a key that is no word in quotes', () => {
    expect(said('Pod', '{metadata: {annotations: {a.b/c: x}}}', '{metadata: {annotations: {a.b/c: y}}}')).toEqual([
      'metadata.annotations."a.b/c": x → y',
    ]);
  });
});

describe('for any two objects', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const scalar = fc.oneof(
    fc.constantFrom('1', '1000m', '60s', '1m', 'x', ''),
    fc.integer({ min: 0, max: 3 }),
    fc.boolean(),
  );
  const resources = fc.dictionary(
    fc.constantFrom('requests', 'limits'),
    fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.constantFrom('1', '1000m', '2', '1Gi', '1024Mi', 1), {
      maxKeys: 2,
    }),
    { maxKeys: 2 },
  );
  const container = fc.record(
    {
      name,
      image: scalar,
      args: fc.array(scalar, { maxLength: 4 }),
      resources,
      env: fc.uniqueArray(fc.record({ name, value: scalar }), { selector: (item) => item.name, maxLength: 3 }),
    },
    { requiredKeys: ['name'] },
  );
  const rule = fc.oneof(
    fc.record(
      {
        alert: name,
        expr: scalar,
        for: fc.constantFrom('5m', '300s', '1h'),
        labels: fc.dictionary(name, fc.constantFrom('x', 'y'), { maxKeys: 1 }),
      },
      { requiredKeys: ['alert'] },
    ),
    fc.record({ record: name, expr: scalar }),
  );
  const object = fc.record(
    {
      containers: fc.uniqueArray(container, { selector: (item) => item.name, maxLength: 3 }),
      initContainers: fc.uniqueArray(container, { selector: (item) => item.name, maxLength: 3 }),
      hosts: fc.array(scalar, { maxLength: 4 }),
      http: fc.array(
        fc.record(
          {
            name,
            timeout: fc.constantFrom('60s', '1m', '5s'),
            route: fc.array(fc.record({ destination: fc.record({ host: name }), weight: fc.nat(3) }), { maxLength: 3 }),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 4 },
      ),
      groups: fc.uniqueArray(fc.record({ name, rules: fc.array(rule, { maxLength: 5 }) }), {
        selector: (item) => item.name,
        maxLength: 3,
      }),
      ports: fc.array(
        fc.record(
          { containerPort: fc.nat(2), protocol: fc.constantFrom('TCP', 'UDP') },
          { requiredKeys: ['containerPort'] },
        ),
        { maxLength: 3 },
      ),
      anything: fc.jsonValue({ maxDepth: 3 }),
    },
    { requiredKeys: [] },
  );
  const kind = fc.constantFrom('Deployment', 'VirtualService', 'PrometheusRule', 'Role');

  test('the changes turn the one into the other', () => {
    fc.assert(
      fc.property(kind, object, object, (of, before, after) => {
        expect(differences(of, applyChanges(before, differences(of, before, after)), after)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('there are none between an object and itself, written another way', () => {
    fc.assert(
      fc.property(kind, object, fc.nat(), (of, value, seed) => {
        expect(differences(of, value, respelled(value, '', seed))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  /** Keys in another order, lists without order in another order, `null` for what is left out, quantities and durations spelled otherwise. */
  function respelled(value: unknown, field: string, seed: number): unknown {
    if (Array.isArray(value)) {
      const items = value.map((item) => respelled(item, field, seed));
      return ['containers', 'hosts', 'route', 'ports', 'env'].includes(field)
        ? [...items.slice(seed % 3), ...items.slice(0, seed % 3)]
        : items;
    }
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([key, below]): [string, unknown] => [
        key,
        respelled(below, key, seed),
      ]);
      return Object.fromEntries([...entries.reverse(), ['absent', null]]);
    }
    if (field === 'cpu' && value === '1') return 1;
    if (field === 'timeout' && value === '60s') return '1m';
    return value;
  }
});
