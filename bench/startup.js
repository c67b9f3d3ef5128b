/**
 * npm run bench:startup: the three example services with a warm transpile cache, beside `npx cdk8s synth` on one
 * ConfigMap with the app that cdk8s's own template sets up: `npx ts-node main.ts`. Both are projects of a user in a
 * temporary folder, with packages installed, so it needs the npm registry.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'startup-'));
const env = { ...process.env, CDK8S_CHECK_UPGRADE: 'false' };

const template = join(scratch, 'template');
const user = join(scratch, 'user');
const { devDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));

try {
  writeTemplate();
  writeUser();
  const bin = join('node_modules', 'cdk8s-ai-service', 'bin', 'ai-service.js');
  const rows = {
    'npx cdk8s synth, one ConfigMap, npx ts-node': best(() => run('npx', ['cdk8s', 'synth'], template)),
    'node …/bin/ai-service.js synth, three services': best(() => run(process.execPath, [bin, 'synth'], user)),
    'npx ai-service synth, three services': best(() => run('npx', ['ai-service', 'synth'], user)),
    'npx cdk8s synth, three services': best(() => run('npx', ['cdk8s', 'synth'], user)),
  };
  const [base] = Object.values(rows);
  const lines = Object.entries(rows).map(([name, ms]) => `| ${name} | ${Math.round(ms)} | ${(ms / base).toFixed(2)} |`);
  process.stdout.write(`| command | ms | ratio |\n|---|---|---|\n${lines.join('\n')}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** What `cdk8s init typescript-app` sets up, as far as synth needs it. */
function writeTemplate() {
  install(template, {
    ...pick(['cdk8s', 'constructs', 'cdk8s-cli', '@types/node']),
    'ts-node': '10.9.2',
    typescript: '5.9.3',
  });
  writeFileSync(join(template, 'cdk8s.yaml'), 'language: typescript\napp: npx ts-node main.ts\n');
  const compilerOptions = { target: 'ES2022', module: 'commonjs', strict: true, skipLibCheck: true, types: ['node'] };
  writeFileSync(join(template, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  writeFileSync(
    join(template, 'main.ts'),
    `import { App, Chart, ApiObject } from 'cdk8s';
const app = new App();
const chart = new Chart(app, 'hello');
new ApiObject(chart, 'config', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, data: { hello: 'world' } } as never);
app.synth();
`,
  );
}

/** A project of a user with this package, and the example services. */
function writeUser() {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString(),
  );
  install(
    user,
    {
      ...pick(['cdk8s', 'constructs', 'cdk8s-cli', 'cdk8s-plus-28']),
      'cdk8s-ai-service': `file:${join(scratch, filename)}`,
    },
    { type: 'module' },
  );
  for (const folder of ['apps', 'releases']) cpSync(join(project, folder), join(user, folder), { recursive: true });
  writeFileSync(
    join(user, 'cdk8s.yaml'),
    'language: typescript\napp: node node_modules/cdk8s-ai-service/bin/ai-service.js synth\n',
  );
}

function pick(names) {
  return Object.fromEntries(names.map((name) => [name, devDependencies[name]]));
}

function install(folder, dependencies, more = {}) {
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'startup', version: '1.0.0', private: true, ...more, dependencies }),
  );
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
}

function run(command, args, cwd) {
  execFileSync(command, args, { cwd, env, stdio: 'ignore' });
}

/** Best of five after one to warm the caches. */
function best(command) {
  command();
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    command();
    return performance.now() - start;
  });
  return Math.min(...times);
}
