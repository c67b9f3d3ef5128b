import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, statSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** The package as users get it: packed, installed in an empty project, used through both doors and the compiler. */

const root = join(import.meta.dirname, '../..');
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
};
let project: string;

function run(command: string, ...args: string[]): string {
  const env = { ...process.env, CDK8S_CHECK_UPGRADE: 'false' };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${status}\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'ai-service-user-'));
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string }];
  const versions = Object.fromEntries(
    ['cdk8s', 'constructs', 'cdk8s-cli', 'typescript', '@types/node'].map((name) => [name, devDependencies[name]]),
  );
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      name: 'user',
      private: true,
      type: 'module',
      dependencies: { 'cdk8s-ai-service': `file:${filename}`, ...versions },
    }),
  );
  writeFileSync(
    join(project, 'cdk8s.yaml'),
    'language: typescript\napp: node node_modules/cdk8s-ai-service/bin/ai-service.js synth\noutput: dist\n',
  );
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'ES2023',
        strict: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        skipLibCheck: false,
        types: ['node'],
      },
      include: ['apps'],
    }),
  );
  mkdirSync(join(project, 'apps/hello'), { recursive: true });
  writeFileSync(
    join(project, 'apps/platform.ts'),
    `import { Platform } from 'cdk8s-ai-service';
export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/ml.git' },
  argocd: { version: '3.5' },
  clusters: { 'eu-1': { kubernetes: '1.33', kserve: { version: '0.20.0', mode: 'Standard' } } },
  environments: { prod: { stage: 'prod', clusters: ['eu-1'], namespace: 'ml' } },
});
`,
  );
  writeFileSync(
    join(project, 'apps/hello/service.ts'),
    `import { AIService, ModelRef } from 'cdk8s-ai-service';
import type { InferenceService } from 'cdk8s-ai-service/imports/serving.kserve.io/v1beta1';
import { platform } from '../platform.ts';
new AIService(platform, 'hello', {
  owner: { team: 'ml' },
  predictor: { framework: 'sklearn', model: ModelRef.uri('s3://models/hello/v1/'), resources: { cpu: '1', memory: '1Gi' } },
});
export type Spec = InferenceService['spec'];
`,
  );
  run('npm', 'install', '--no-audit', '--no-fund');
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('its types compile in a project of a user, their declarations included', () => {
  run('npx', 'tsc');
});

test('cdk8s synth and ai-service synth write the same bytes', () => {
  run('npx', 'cdk8s', 'synth');
  run('npx', 'ai-service', 'synth', '--out', 'gitops');
  const tree = (folder: string): Map<string, string> =>
    new Map(
      readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.ai-service'))
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .map((file) => [file.slice(join(project, folder).length), readFileSync(file, 'utf8')]),
    );
  expect([...tree('dist').keys()]).toContain('/envs/prod/eu-1/ml/hello/manifests/inferenceservice.hello-v1.yaml');
  expect(tree('gitops')).toEqual(tree('dist'));
});

test('a plan of the two says that nothing changes', () => {
  expect(run('npx', 'ai-service', 'plan', '--from', 'dist', '--to', 'gitops')).toMatch(/^no changes/);
});

test('a misspelt environment does not compile', () => {
  const file = join(project, 'apps/hello/service.ts');
  const source = readFileSync(file, 'utf8');
  writeFileSync(file, source.replace("owner: { team: 'ml' },", "owner: { team: 'ml' }, overrides: { prd: {} },"));
  expect(() => run('npx', 'tsc')).toThrow(/service\.ts.*'prd' does not exist/s);
  writeFileSync(file, source);
});

test('what is installed stays small', () => {
  // Bytes, as npm counts them (unpackedSize); blocks are the file system's.
  const files = readdirSync(join(project, 'node_modules/cdk8s-ai-service'), {
    recursive: true,
    withFileTypes: true,
  }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  expect(bytes).toBeLessThan(4_000_000);
  expect(readdirSync(join(project, 'node_modules'))).not.toContain('json-schema-to-typescript');
  expect(readdirSync(join(project, 'node_modules/cdk8s-ai-service/lib'))).not.toContain('bench.js');
});
