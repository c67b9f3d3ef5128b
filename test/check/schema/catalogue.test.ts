import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createCatalogue, OWN_IMPORTS } from '../../../src/check/schema/catalogue.ts';
import type { SchemaNode } from '../../../src/check/schema/schema-node.ts';

const folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A root with one file per group, as the importer writes them. */
function root(name: string, groups: Readonly<Record<string, unknown>>): string {
  for (const [group, content] of Object.entries(groups)) {
    mkdirSync(join(folder, name, group), { recursive: true });
    writeFileSync(
      join(folder, name, group, 'schema.json'),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  }
  return join(folder, name);
}

function group(
  name: string,
  kinds: Readonly<Record<string, Readonly<Record<string, SchemaNode>>>>,
  scope = 'Namespaced',
) {
  const entries = Object.entries(kinds).map(([kind, versions]) => [
    kind,
    { plural: `${kind.toLowerCase()}s`, scope, versions },
  ]);
  return { group: name, kinds: Object.fromEntries(entries) as unknown, defs: { A: { type: 'string' } } };
}

const own = root('own', {
  'example.com': group('example.com', {
    Widget: { v1: { type: 'object' }, v1beta1: { type: 'object' } },
    Gadget: { v1: {} },
  }),
  core: group('', { Namespace: { v1: { type: 'object' } } }, 'Cluster'),
});
const project = root('project', {
  'example.com': group('example.com', { Widget: { v1: { type: 'object', maxProperties: 1 } } }),
  'broken.example.com': '<<<<<<< HEAD',
  'wrong.example.com': group('other.example.com', { Thing: { v1: {} } }),
});

test('a kind is found by API version, core kinds without a group', () => {
  const catalogue = createCatalogue([own]);
  expect(catalogue.lookup('example.com/v1beta1', 'Widget')).toEqual({
    scope: 'Namespaced',
    schema: { type: 'object' },
    definitions: { A: { type: 'string' } },
  });
  expect(catalogue.lookup('v1', 'Namespace')?.scope).toBe('Cluster');
  expect(catalogue.lookup('core/v1', 'Namespace')).toBeUndefined();
});

test('what a later folder has beats what an earlier one has, kind and version by themselves', () => {
  const catalogue = createCatalogue([own, project, join(folder, 'absent')]);
  expect(catalogue.lookup('example.com/v1', 'Widget')?.schema.maxProperties).toBe(1);
  expect(catalogue.lookup('example.com/v1beta1', 'Widget')?.schema.maxProperties).toBeUndefined();
  expect(catalogue.lookup('example.com/v1', 'Gadget')).toBeDefined();
});

test.each([
  ['example.com/v2', 'Widget'],
  ['example.com/v1', 'constructor'],
  ['example.com/__proto__', 'Widget'],
  ['../own/example.com/v1', 'Widget'],
  ['absent.example.com/v1', 'Widget'],
  ['', ''],
])('%j %j is not there', (apiVersion, kind) => {
  expect(createCatalogue([own]).lookup(apiVersion, kind)).toBeUndefined();
});

test.each([
  ['example.com/v2', 'Widget', 'kind Widget of apiVersion example.com/v1 or example.com/v1beta1'],
  ['example.com/v1', 'Wigdet', 'kind Widget of apiVersion example.com/v1 or example.com/v1beta1'],
  ['exmaple.com/v1', 'Gadget', 'kind Gadget of apiVersion example.com/v1'],
  ['example.com/v1', 'Namespace', 'kind Namespace of apiVersion v1'],
  ['example.com/v1', 'Nothing', undefined],
])('for %s %s the near kind is %j', (apiVersion, kind, near) => {
  expect(createCatalogue([own]).suggest(apiVersion, kind)).toBe(near);
});

test('a file that cannot be read is said with its path', () => {
  const catalogue = createCatalogue([own, project]);
  expect(catalogue.lookup('broken.example.com/v1', 'Thing')).toBeUndefined();
  expect(catalogue.unreadable('broken.example.com/v1')).toContain(
    `${join(project, 'broken.example.com', 'schema.json')} is not JSON: `,
  );
  expect(catalogue.unreadable('wrong.example.com/v1')).toBe(
    `${join(project, 'wrong.example.com', 'schema.json')} is not a schema file of group "wrong.example.com"`,
  );
  expect(catalogue.unreadable('example.com/v1')).toBeUndefined();
});

test('the own imports are those of the package', () => {
  expect(createCatalogue([OWN_IMPORTS]).lookup('serving.kserve.io/v1beta1', 'InferenceService')?.scope).toBe(
    'Namespaced',
  );
});
