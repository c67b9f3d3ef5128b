/**
 * A project as users have it, for the benchmarks that run the command line: services in three environments, and a store in
 * which every one has released twice.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { releaseDigest } from '../lib/bench.js';
import { serviceName } from './workload.js';

export const ENVIRONMENTS = ['dev', 'staging', 'prod'];

const project = join(import.meta.dirname, '..');
const bin = join(project, 'bin/ai-service.js');

/** Runs `ai-service` in a project, and returns what it prints. */
export function run(root, ...args) {
  const { CDK8S_OUTDIR: _outdir, ...env } = process.env;
  return execFileSync(process.execPath, [bin, ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e9,
  });
}

export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

export function teamOf(index) {
  return `team-${Math.floor(index) % 20}`;
}

export function put(root, path, text) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The packages that a project needs, as if they were installed in it; this one as it was built. */
export function linkPackages(root) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  for (const name of Object.keys(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).peerDependencies)) {
    symlinkSync(join(project, 'node_modules', name), join(root, 'node_modules', name));
  }
  symlinkSync(project, join(root, 'node_modules/cdk8s-ai-service'));
}

export function writeProject(root, count) {
  linkPackages(root);
  put(root, 'package.json', '{ "name": "rollback", "type": "module" }\n');
  put(root, 'apps/platform.ts', PLATFORM);
  for (let index = 0; index < count; index += 1) {
    const name = serviceName(index);
    const team = teamOf(index);
    put(root, `apps/${name}/service.yaml`, stringify(serviceOf(name, team)));
    for (const release of ['v46', 'v47'])
      put(root, `releases/${name}/${release}.yaml`, stringify(recordOf(name, release)));
    for (const environment of ENVIRONMENTS)
      put(root, `releases/${environment}/${team}/${name}.yaml`, 'stable: v47\nprevious: v46\n');
  }
}

const TRANSFORMER = { image: 'registry.example.com/ml/transformer:1.4.2', resources: { cpu: '500m', memory: '512Mi' } };
const PREDICTOR = {
  framework: 'sklearn',
  image: 'kserve/sklearnserver:v0.20.0',
  resources: { cpu: '4', memory: '8Gi' },
  env: { LOG_LEVEL: 'info' },
};

export function serviceOf(name, team) {
  return {
    owner: { team, escalation: '#oncall' },
    traffic: { expectedRps: 40 },
    predictor: {
      ...PREDICTOR,
      model: { uri: `s3://ml-models/${name}/v47/` },
      scaling: { min: 2, max: 20, target: { cpu: 70 } },
    },
    transformer: { ...TRANSFORMER, scaling: { min: 2, max: 10 } },
    canary: { steps: [10, 25, 50], gates: [{ errorRatio: { max: 0.01 } }] },
    monitoring: { slos: [{ availability: { objective: 99.9 } }, { latency: { below: '250ms', objective: 99 } }] },
    network: { allowFrom: [{ namespace: 'shop' }] },
  };
}

function recordOf(name, release) {
  const parts = {
    predictor: { introduced: release, model: { uri: `s3://ml-models/${name}/${release}/` }, workload: PREDICTOR },
    transformer: { introduced: release, workload: TRANSFORMER },
  };
  return { release, digest: releaseDigest(parts), parts };
}

const PLATFORM = `import { Platform } from 'cdk8s-ai-service';

const stack = {
  kubernetes: '1.33',
  kserve: { version: '0.20.0', mode: 'Standard' },
  istio: { version: '1.30', dataplane: 'sidecar', gateway: 'istio-system/public' },
  prometheus: { version: '3.4', ruleLabels: { release: 'kube-prometheus-stack' }, sources: [] },
  domain: 'example.com',
} as const;

const environment = (name: string) => ({ stage: name, clusters: [\`\${name}-1\`], namespace: ({ team }: { team: string }) => \`\${team}-\${name}\` });

export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: { ${ENVIRONMENTS.map((name) => `'${name}-1': stack`).join(', ')} },
  environments: { ${ENVIRONMENTS.map((name) => `${name}: environment('${name}')`).join(', ')} } as never,
});
`;
