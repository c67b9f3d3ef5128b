import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { registriesOf } from '../../src/app/lock-models.ts';
import { Platform } from '../../src/app/platform.ts';
import { planRelease, releaseScope, type ReleaseRequest, type ReleaseScope } from '../../src/app/release.ts';
import { mlflow } from '../../src/service/registry.ts';
import type { ClusterSpec, EnvironmentSpec } from '../../src/service/platform-spec.ts';
import { writeJournaled } from '../../src/tree/journal.ts';
import { writeTree } from '../../src/tree/write.ts';
import { serve, type Answers, type Seen, type Server } from '../release/registries/server.ts';
import { world } from '../release/registries/world.ts';
import { stack } from './platform.ts';

/** Projects whose models are in a registry that the test can change: an MLflow server, and the bucket behind it. */

/** A version of a model in the registry, and the ETag of its one object. */
export interface FakeVersion {
  readonly status?: string;
  readonly review?: string;
  readonly run?: string;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly etag?: string;
  /** Where the object is. Default: `s3://ml-models/<name>/v<version>/`. */
  readonly place?: string;
}

/** What the registry has, of all models. */
export interface FakeRegistry {
  readonly server: Server;
  /** By `<name>/<version>`. */
  readonly versions: Map<string, FakeVersion>;
  /** Version by `<name>@<alias>`. */
  readonly aliases: Map<string, string>;
}

/** Starts a registry; it ends with the test. */
export async function fakeRegistry(
  versions: Readonly<Record<string, FakeVersion>>,
  aliases: Readonly<Record<string, string>>,
): Promise<FakeRegistry> {
  const registry = { versions: new Map(Object.entries(versions)), aliases: new Map(Object.entries(aliases)) };
  const missing: Answers = { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST' } };
  const described = (name: string, version: string): Answers => {
    const found = registry.versions.get(`${name}/${version}`);
    if (!found) return missing;
    const tags = found.review === undefined ? [] : [{ key: 'review', value: found.review }];
    return {
      json: {
        model_version: { name, version, status: found.status ?? 'READY', run_id: found.run ?? `run-${version}`, tags },
      },
    };
  };
  const place = (name: string, version: string): string =>
    registry.versions.get(`${name}/${version}`)?.place ?? `s3://ml-models/${name}/v${version}/`;
  const named = ({ query: { name = '', version = '' } }: Seen): [string, string] => [name, version];
  const bucket = ({ query: { prefix = '' } }: Seen): Answers => {
    const found = [...registry.versions].find(
      ([key]) =>
        place(...(key.split('/') as [string, string])).endsWith(`/${prefix}`) ||
        `s3://ml-models-us/${prefix}` === place(...(key.split('/') as [string, string])),
    );
    const object =
      found &&
      `<Contents><Key>${prefix}model.pkl</Key><Size>10</Size><ETag>"${found[1].etag ?? found[0]}"</ETag></Contents>`;
    return { text: `<ListBucketResult>${object ?? ''}</ListBucketResult>` };
  };
  const api = '/api/2.0/mlflow';
  const server = await serve({
    [`GET ${api}/registered-models/get`]: ({ query: { name = '' } }) => ({ json: { registered_model: { name } } }),
    [`GET ${api}/model-versions/search`]: ({ query: { filter = '' } }) => {
      const own = [...registry.versions.keys()]
        .map((key) => key.split('/') as [string, string])
        .filter(([name]) => filter === `name='${name}'`);
      const newestFirst = own.sort(([, a], [, b]) => Number(b) - Number(a));
      return {
        json: {
          model_versions: newestFirst.map(
            ([name, version]) => (described(name, version).json as { model_version: object }).model_version,
          ),
        },
      };
    },
    [`GET ${api}/registered-models/alias`]: ({ query: { name = '', alias = '' } }) => {
      const version = registry.aliases.get(`${name}@${alias}`);
      return version === undefined ? missing : described(name, version);
    },
    [`GET ${api}/model-versions/get`]: (seen) => described(...named(seen)),
    [`GET ${api}/model-versions/get-download-uri`]: (seen) => ({
      json: { artifact_uri: place(...named(seen)).replace(/\/$/, '') },
    }),
    [`GET ${api}/runs/get`]: ({ query: { run_id: run = '' } }) => {
      const version = [...registry.versions].find(
        ([key, { run: own }]) => (own ?? `run-${key.split('/')[1] ?? ''}`) === run,
      )?.[1];
      return {
        json: {
          run: {
            data: {
              metrics: Object.entries(version?.metrics ?? {}).map(([key, value]) => ({
                key,
                value,
                step: 0,
                timestamp: 1,
              })),
            },
          },
        },
      };
    },
    'GET /ml-models/': bucket,
    'GET /ml-models': bucket,
    'GET /ml-models-us/': { text: '<Error/>', status: 403 },
  });
  return { server, ...registry };
}

export const predictor = {
  framework: 'sklearn',
  model: { registry: 'corp', name: 'fraud', alias: 'champion' },
  resources: { cpu: '1', memory: '1Gi' },
  scaling: { min: 2, max: 4 },
} as const;

type Environments = Readonly<Record<string, Pick<EnvironmentSpec, 'stage'> & Partial<EnvironmentSpec>>>;

export interface ProjectOptions {
  readonly services?: Readonly<Record<string, Partial<AIServiceProps>>>;
  readonly environments?: Environments;
  readonly cluster?: Partial<ClusterSpec>;
  /** What some clusters have otherwise, by name: `<environment>-1`. */
  readonly clusters?: Readonly<Record<string, Partial<ClusterSpec>>>;
  readonly approvalTag?: string;
  /** Whether the buckets may be read. Default: true. */
  readonly storage?: boolean;
}

const ENVIRONMENTS: Environments = { staging: { stage: 'staging' }, 'prod-eu': { stage: 'prod' } };

/** A project in a folder of its own; gone when the test is done. */
export class RegistryProject {
  readonly root = mkdtempSync(join(tmpdir(), 'registry-'));
  readonly registry: FakeRegistry;
  options: ProjectOptions;

  constructor(registry: FakeRegistry, options: ProjectOptions = {}) {
    this.registry = registry;
    this.options = options;
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
  }

  /** The sources as they are now. */
  platform(): Platform<string, string, string> {
    const {
      services = { fraud: {} },
      environments = ENVIRONMENTS,
      cluster = {},
      clusters: own = {},
      approvalTag,
    } = this.options;
    const clusters = Object.fromEntries(
      Object.keys(environments).map((name) => [`${name}-1`, { ...stack, ...cluster, ...own[`${name}-1`] }]),
    );
    const places = Object.entries(environments).map(([name, environment]) => [
      name,
      { clusters: [`${name}-1`], namespace: `risk-${name}`, ...environment },
    ]);
    const platform: Platform<string, string, string> = new Platform<string, string, string, string>(
      {
        gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
        argocd: { version: '3.5' },
        clusters,
        environments: Object.fromEntries(places) as Record<string, EnvironmentSpec>,
        registries: {
          corp: mlflow({ url: this.registry.server.url, ...(approvalTag !== undefined && { approvalTag }) }),
        },
      },
      { root: this.root },
    );
    for (const [name, props] of Object.entries(services)) {
      const own = name === 'fraud' ? predictor : { ...predictor, model: { ...predictor.model, name } };
      new AIService(platform, name, {
        owner: { team: 'risk-ml' },
        predictor: own,
        canary: { steps: [10, 50] },
        ...props,
      });
    }
    return platform;
  }

  scope(): ReleaseScope {
    const { storage = true } = this.options;
    const env = {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'key',
      AWS_ENDPOINT_URL_S3: this.registry.server.url,
    };
    const { deps } = world(storage ? { env } : {});
    const scope = releaseScope(
      this.platform(),
      { tree: 'gitops' },
      ({ registries }) => registriesOf(registries, deps),
      deps,
    );
    if (!scope) throw new Error('the platform has mistakes');
    return scope;
  }

  /** Plans a release and writes it: what it said, and the files that changed. */
  async release(request: Partial<ReleaseRequest> = {}) {
    const { value, findings } = await planRelease(this.scope(), {
      service: 'fraud',
      environment: 'staging',
      ...request,
    });
    const planned = value && 'changes' in value ? value : undefined;
    if (planned) expect(writeJournaled({ root: this.root, tree: 'gitops' }, planned.changes)).toEqual([]);
    return {
      planned,
      nothing: value && 'nothing' in value ? value.nothing : undefined,
      findings,
      errors: findings.filter(({ severity }) => severity === 'error'),
    };
  }

  /** Writes the tree that the sources give. */
  synth(): void {
    const { files, findings, guard } = this.platform().render();
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(writeTree({ outDir: join(this.root, 'gitops'), files, guard }).findings).toEqual([]);
  }

  /** Text of a file. */
  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  put(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Everything in the folder, with its bytes. */
  files(): Map<string, string> {
    const entries = readdirSync(this.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = entries.map((entry) => join(entry.parentPath, entry.name).slice(this.root.length + 1)).sort();
    return new Map(paths.map((path) => [path, this.read(path)]));
  }
}
