import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** Projects as users have them, and the built command line run in them. */

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(REPOSITORY, 'bin/ai-service.js');

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A platform with environments `dev` (rolls in place) and `prod` (stage prod) on a cluster each. */
export const PLATFORM = `import { Platform } from 'cdk8s-ai-service';

const stack = {
  kubernetes: '1.33',
  kserve: { version: '0.20.0', mode: 'Standard' },
  istio: { version: '1.30', dataplane: 'sidecar' },
  prometheus: { version: '3.4', sources: [] },
} as const;

export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: { 'dev-1': stack, 'eu-1': stack },
  environments: {
    dev: { stage: 'dev', clusters: ['dev-1'], namespace: ({ team }) => team + '-dev', rollout: 'replace', createNamespaces: true },
    'prod-eu': { stage: 'prod', clusters: ['eu-1'], namespace: ({ team }) => team + '-prod' },
  },
});
`;

/** A service that is as short as can be. */
export const SERVICE = `owner: { team: ml }
predictor:
  framework: sklearn
  model: { uri: s3://ml-models/hello/v1/ }
  resources: { cpu: "1", memory: 1Gi }
`;

/** The same in TypeScript; `body` goes into the braces. */
export function serviceInTypeScript(name: string, body: string, more = ''): string {
  return `import { AIService, ModelRef } from 'cdk8s-ai-service';
import { platform } from '../platform.ts';

const service = new AIService(platform, '${name}', {${body}});
${more}`;
}

/** A project in a temporary folder that uses the built package as its users do; gone when the test file is done. */
export function projectWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'ai-service-project-'));
  folders.push(root);
  mkdirSync(join(root, 'node_modules'));
  for (const name of ['cdk8s', 'constructs', 'cdk8s-plus-28'])
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(root, 'node_modules', name));
  symlinkSync(REPOSITORY, join(root, 'node_modules', 'cdk8s-ai-service'));
  put(root, { 'package.json': '{ "name": "project", "type": "module" }\n', 'apps/platform.ts': PLATFORM, ...files });
  return root;
}

/** Writes files into a project. */
export function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** What a run of the command line did. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ai-service` in a folder. */
export function run(
  cwd: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; node?: readonly string[] } = {},
): Promise<Ran> {
  return spawn(process.execPath, [...(options.node ?? []), BIN, ...args], cwd, options.env);
}

/** Runs a program without colours, and without what a surrounding cdk8s might have set. */
export function spawn(
  program: string,
  args: readonly string[],
  cwd: string,
  more: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const { CDK8S_OUTDIR: _outdir, FORCE_COLOR: _colour, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { cwd, env: { ...env, NO_COLOR: '1', ...more } },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
      },
    );
  });
}

/** The files of a tree with their content, by path, without what the owned writer keeps for itself. */
export function treeIn(folder: string): Map<string, string> {
  return new Map(filesIn(folder).map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** When each file of a tree was written. */
export function timesIn(folder: string): Map<string, bigint> {
  return new Map(filesIn(folder).map((path) => [path, statSync(join(folder, path), { bigint: true }).mtimeNs]));
}

/** Folder by folder: asked for all at once, Node 22 and later walk through links too, and a project links to itself. */
function filesIn(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(below, entry.name);
      if (entry.isDirectory()) return filesIn(folder, path);
      return entry.isFile() && !entry.name.startsWith('.ai-service') ? [path] : [];
    })
    .sort();
}
