import { describe, expect, test } from 'vitest';
import { openCheckout } from '../../src/app/checkout.ts';
import { planMove } from '../../src/app/move.ts';
import type { Files } from '../../src/core/files.ts';
import { checkoutIn, checkoutWith, put, recordPath, STATE, textOf } from '../support/checkout.ts';

/** A checkout that is not as synth left it: what release commands say, and that they say it. */

const UNIT = 'gitops/envs/prod-eu/eu-1/risk-ml/fraud';

async function saidAfter(file: string, edit: (text: string) => string): Promise<string[]> {
  const root = checkoutWith();
  put(root, file, edit(textOf(root, file)));
  const { value, findings } = await planMove(checkoutIn(root), {
    service: 'fraud',
    environment: 'prod-eu',
    move: { action: 'release', release: 'v2' },
  });
  expect(value).toBeUndefined();
  return findings.map(
    ({ id, where, message }) => `${id} ${where.file?.slice('gitops/'.length) ?? ''}:${where.line ?? ''} ${message}`,
  );
}

describe('a file that somebody, or a merge, changed is refused', () => {
  test('a manifest that the move would write, and that is not what the state renders', async () => {
    const file = `${UNIT}/manifests/virtualservice.fraud.yaml`;
    const differs = async (edit: (text: string) => string): Promise<string[]> => {
      const root = checkoutWith({ prod: 'stable: v1\nprevious: v2\n' });
      put(root, file, edit(textOf(root, file)));
      const { findings } = await planMove(checkoutIn(root), {
        service: 'fraud',
        environment: 'prod-eu',
        move: { action: 'rollback' },
      });
      return findings.map(({ id, message, fix }) => `${id}: ${message}; ${fix}`);
    };
    expect(await differs((text) => text.replace('attempts: 2', 'attempts: 3'))).toEqual([
      'checkout/differs: the file is not what the state renders: it was edited, or another version wrote it; run npx ai-service synth where the sources are, and look at what changes; or restore the file from Git',
    ]);
    expect(await differs((text) => text.replaceAll('\n', '\r\n'))).toEqual([
      'checkout/differs: the lines of the file end in CR LF: git changed them when it checked the file out; put "* -text" into .gitattributes of the repository, and check the tree out again',
    ]);
  });

  test('a descriptor that is no JSON, or has no namespace', async () => {
    const message =
      'checkout/incomplete envs/prod-eu/eu-1/risk-ml/fraud/argocd-app.json: the file is not what synth writes: it is no JSON, or has no namespace';
    expect(await saidAfter(`${UNIT}/argocd-app.json`, (text) => `<<<<<<< HEAD\n${text}`)).toEqual([message]);
    expect(await saidAfter(`${UNIT}/argocd-app.json`, () => 'null')).toEqual([message]);
  });

  test('an intent with a field that there is not, or with a patch that is none', async () => {
    expect(await saidAfter(`${UNIT}/intent.yaml`, (text) => `${text}later: true\n`)).toEqual([
      'service/unknown-field envs/prod-eu/eu-1/risk-ml/fraud/intent.yaml:22 unknown field "later"',
    ]);
    expect(
      await saidAfter(`${UNIT}/intent.yaml`, (text) => text.replace('spec:', 'patches:\n  - kind: Service\nspec:')),
    ).toEqual([
      'service/required envs/prod-eu/eu-1/risk-ml/fraud/intent.yaml:3 the field is missing',
      'service/required envs/prod-eu/eu-1/risk-ml/fraud/intent.yaml:3 the field is missing',
      'service/unknown-field envs/prod-eu/eu-1/risk-ml/fraud/intent.yaml:3 unknown field "kind"',
    ]);
  });

  test('a cluster with the markers of a merge', async () => {
    expect(await saidAfter('gitops/envs/prod-eu/eu-1/cluster.yaml', (text) => `<<<<<<< HEAD\n${text}`)).toEqual([
      'yaml/syntax envs/prod-eu/eu-1/cluster.yaml:2 the file holds more than one document',
    ]);
  });
});

test('what synth writes is to be restored or written anew, whatever is wrong in it', async () => {
  const root = checkoutWith();
  put(root, `${UNIT}/intent.yaml`, `${textOf(root, `${UNIT}/intent.yaml`)}later: true\n`);
  const { findings } = await planMove(checkoutIn(root), {
    service: 'fraud',
    environment: 'prod-eu',
    move: { action: 'release', release: 'v2' },
  });
  expect(findings.map(({ fix }) => fix)).toEqual([
    'restore the file from Git, or write it anew with npx ai-service synth where the sources are',
  ]);
});

test('a move reads what it must, however many services there are', async () => {
  const root = checkoutWith({ prod: 'stable: v2\nprevious: v1\n' });
  for (let number = 0; number < 1000; number += 1) {
    put(root, `gitops/envs/prod-eu/eu-1/risk-ml/other-${number}/argocd-app.json`, '{}\n');
    put(root, `releases/prod-eu/risk-ml/other-${number}.yaml`, 'stable: v1\n');
  }
  const { files, ...checkout } = checkoutIn(root);
  const read: string[] = [];
  const listed: string[] = [];
  const counted: Files = {
    read: (path) => (read.push(path), files.read(path)),
    entries: (folder) => (listed.push(folder), files.entries(folder)),
  };
  const { value } = await planMove(openCheckout(counted, checkout), {
    service: 'fraud',
    environment: 'prod-eu',
    move: { action: 'rollback' },
  });
  const changed = value?.changes.map(({ path }) => path) ?? [];
  expect(changed).toContain(`${UNIT}/manifests/virtualservice.fraud.yaml`);
  expect(changed.every((path) => path === STATE || path.startsWith(`${UNIT}/`))).toBe(true);
  expect(read.filter((path) => path === STATE || !changed.includes(path)).sort()).toEqual([
    'gitops/envs/prod-eu/eu-1/cluster.yaml',
    `${UNIT}/argocd-app.json`,
    `${UNIT}/intent.yaml`,
    recordPath('v1'),
    recordPath('v2'),
    STATE,
    STATE,
  ]);
  expect(listed).toEqual([
    'releases',
    'gitops/envs/prod-eu',
    'gitops/envs/prod-eu/eu-1',
    'gitops/envs/prod-eu/eu-1/risk-ml/fraud',
  ]);
});
