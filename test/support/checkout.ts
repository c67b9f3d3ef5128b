import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { openCheckout, type Checkout } from '../../src/app/checkout.ts';
import { planMove, type MoveRequest } from '../../src/app/move.ts';
import { Platform } from '../../src/app/platform.ts';
import { subjectOf, trailersOf } from '../../src/app/words.ts';
import { editYaml } from '../../src/core/edit-yaml.ts';
import { diskFiles } from '../../src/core/files.ts';
import { messageText } from '../../src/git/message.ts';
import { releaseDigest } from '../../src/release/record.ts';
import { writeJournaled } from '../../src/tree/journal.ts';
import { writeTree } from '../../src/tree/write.ts';
import { alone, at, git, setUser } from '../git/folders.ts';
import { stack } from './platform.ts';

/** Checkouts of a GitOps repository: tree and release store, no sources. */

export const FOLDERS = { tree: 'gitops', releases: 'releases' } as const;

/** The state of the service in production. */
export const STATE = 'releases/prod-eu/risk-ml/fraud.yaml';

/** A service with four releases, in `staging` and in `prod-eu`. */
export interface CheckoutOptions {
  readonly service?: Partial<AIServiceProps>;
  /** State in `staging` and in `prod-eu`. */
  readonly staging?: string;
  readonly prod?: string;
}

/** The digest of a release of the service. */
export function digestOf(release: string): string {
  return releaseDigest(partsOf(release));
}

function partsOf(release: string) {
  return {
    predictor: {
      introduced: release,
      model: {
        registry: 'corp',
        name: 'fraud',
        version: release.slice(1),
        uri: `s3://ml-models/fraud/${release}/`,
        digest: `sha256:model-${release}`,
      },
      workload: { framework: 'sklearn' as const, resources: { cpu: '1', memory: '1Gi' } },
    },
  };
}

/** A record as a file. */
export function recordText(release: string): string {
  const parts = partsOf(release);
  return editYaml(undefined, { release, digest: releaseDigest(parts), parts }, ['release', 'digest', 'parts']);
}

/** The path of a record. */
export function recordPath(release: string): string {
  return `releases/fraud/${release}.yaml`;
}

/** Writes the checkout; gone after the test. */
export function checkoutWith({
  service = {},
  staging = 'stable: v2\nprevious: v1\n',
  prod = 'stable: v1\n',
}: CheckoutOptions = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ai-service-checkout-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const release of ['v1', 'v2', 'v3']) put(root, recordPath(release), recordText(release));
  put(root, 'releases/staging/risk-ml/fraud.yaml', staging);
  put(root, STATE, prod);
  const platform = new Platform(
    {
      gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
      argocd: { version: '3.5' },
      clusters: { 'st-1': stack, 'eu-1': stack },
      environments: {
        staging: { stage: 'staging', clusters: ['st-1'], namespace: 'risk-ml-staging' },
        'prod-eu': { stage: 'prod', clusters: ['eu-1'], namespace: 'risk-ml-prod' },
      },
    },
    { root },
  );
  const spec = {
    owner: { team: 'risk-ml' },
    predictor: {
      framework: 'sklearn',
      model: { uri: 's3://ml-models/fraud/v1/' },
      resources: { cpu: '1', memory: '1Gi' },
      scaling: { min: 2, max: 4 },
    },
    canary: { steps: [10, 50], gates: [{ errorRatio: { max: 0.01 } }] },
    ...service,
  };
  new AIService(platform, 'fraud', spec as AIServiceProps<'staging' | 'prod-eu', 'staging' | 'prod', never>);
  const { files, findings, guard } = platform.render();
  const errors = [
    ...findings.filter(({ severity }) => severity === 'error'),
    ...writeTree({ outDir: join(root, 'gitops'), files, guard }).findings,
  ];
  if (errors.length > 0) throw new Error(JSON.stringify(errors, null, 2));
  return root;
}

/** The checkout in a repository with one commit, on branch `main`; the configuration of the machine does not count. */
export function repositoryOf(options: CheckoutOptions = {}): string {
  alone();
  const root = checkoutWith(options);
  git(root, 'init', '--quiet', '--initial-branch=main');
  setUser(root);
  commit(root, 'start');
  return root;
}

/** Writes a file. */
export function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** The text of a file. */
export function textOf(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The checkout on the disk. */
export function checkoutIn(root: string, tree: string = FOLDERS.tree): Checkout {
  return openCheckout(diskFiles(root), { ...FOLDERS, tree });
}

/** A move in production, by default. */
export type Asked = Omit<MoveRequest, 'service' | 'environment'> & { readonly environment?: string };

/** Makes a move on the disk, as the commands do; returns the message that its commit has. */
export async function make(
  root: string,
  asked: Asked,
  gates: readonly string[] = [],
  tree: string = FOLDERS.tree,
): Promise<string> {
  const request = { service: 'fraud', environment: 'prod-eu', ...asked };
  const { value: planned, findings } = await planMove(checkoutIn(root, tree), request);
  if (!planned) throw new Error(JSON.stringify(findings, null, 2));
  const wrong = writeJournaled({ root, tree }, planned.changes);
  if (wrong.length > 0) throw new Error(JSON.stringify(wrong, null, 2));
  const made = { ...request, action: request.move.action, planned, gates };
  return messageText({ subject: subjectOf(made), trailers: trailersOf(made, checkoutIn(root, tree).store) });
}

/** Commits everything; returns the sha. */
export function commit(root: string, message: string, time?: string): string {
  if (time !== undefined) at(time);
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--allow-empty', '--message', message);
  return git(root, 'rev-parse', 'HEAD');
}

/** Makes a move and commits it. */
export async function makeAndCommit(
  root: string,
  asked: Asked,
  time?: string,
  gates: readonly string[] = [],
  tree: string = FOLDERS.tree,
): Promise<string> {
  return commit(root, await make(root, asked, gates, tree), time);
}
