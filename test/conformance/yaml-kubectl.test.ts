import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { emitYaml } from '../../src/core/yaml.ts';
import { HOSTILE_TEXT } from '../core/hostile-text.ts';
import { fc } from '../support/property.ts';
import { kubectl } from './kubectl.ts';

/**
 * Reads our YAML with the two parsers that stand between Git and a cluster: sigs.k8s.io/yaml (every client and
 * server of Kubernetes) through `kubectl label --local`, and kustomize's kyaml through `kubectl kustomize`.
 */

const folder = mkdtempSync(join(tmpdir(), 'yaml-kubectl-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TEXT = [
  ...HOSTILE_TEXT,
  ...fc.sample(fc.string({ unit: 'binary' }), { numRuns: 300, seed: 1 }),
  ...fc.sample(fc.string({ unit: fc.constantFrom(...' \t\n:#-?|>!&*%@`"\'{}[],=~<.+_019eExXoOyn') }), {
    numRuns: 1000,
    seed: 2,
  }),
];

/** What kustomize itself cannot carry, however it is quoted: it goes through JSON, and takes any `<<` for a merge. */
const BEYOND_KUSTOMIZE = /^<<$|[\x7f-\x9f\ufffe\uffff]/;

/** A custom resource, so that values of any type reach the parser without a schema in between. */
function documentOf(texts: readonly string[]): object {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Sample',
    metadata: { name: 'sample', labels: { seen: 'yes' } },
    spec: {
      texts,
      nested: texts.map((text) => [{ text, list: [text] }]),
      keys: Object.fromEntries(texts.filter((text) => text.length <= 1000).map((text) => [text, 'value'])),
      numbers: [0, -5, 0.1, 1e21, 1e-7, -1.5e-9, 2 ** 53, 2 ** 60, -(2 ** 62), Number.MAX_VALUE, 5e-324, 123456.789],
      nothing: [null, {}, []],
    },
  };
}

function kubectlJson(path: string): unknown {
  return JSON.parse(kubectl('label', '--local', '--filename', path, '--output', 'json', 'seen=yes'));
}

describe('YAML as kubectl reads it', () => {
  test('is what we wrote, for every hostile text', () => {
    const path = join(folder, 'sample.yaml');
    const document = documentOf(TEXT);
    writeFileSync(path, emitYaml(document));
    expect(kubectlJson(path)).toStrictEqual(document);
  });

  test('is what we wrote after kustomize has read and written it', () => {
    const document = documentOf(TEXT.filter((text) => !BEYOND_KUSTOMIZE.test(text)));
    writeFileSync(join(folder, 'sample.yaml'), emitYaml(document));
    writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [sample.yaml]\n');
    const built = join(folder, 'built.yaml');
    writeFileSync(built, kubectl('kustomize', folder));
    expect(kubectlJson(built)).toStrictEqual(document);
  });
});
