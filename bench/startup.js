/**
 * npm run bench:startup: three example services from TypeScript with a warm transpile cache, beside `npx cdk8s synth`
 * on one ConfigMap with the app that cdk8s's own template sets up: `npx ts-node main.ts`. Makes a project with the
 * template's packages in a temporary folder, so it needs the npm registry.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'startup-'));
const env = { ...process.env, CDK8S_CHECK_UPGRADE: 'false' };

try {
  writeTemplate();
  const rows = {
    'npx cdk8s synth, one ConfigMap, npx ts-node': best(() => run('npx', ['cdk8s', 'synth'], scratch)),
    'node bin/ai-service.js synth, three services': best(() => run(process.execPath, ['bin/ai-service.js', 'synth', '--out', join(scratch, 'tree')], project)),
    'npx ai-service synth, three services': best(() => run('npx', ['ai-service', 'synth', '--out', join(scratch, 'tree')], project)),
    'npx cdk8s synth, three services': best(() => run('npx', ['cdk8s', 'synth', '--output', join(scratch, 'dist')], project)),
  };
  const [base] = Object.values(rows);
  const lines = Object.entries(rows).map(([name, ms]) => `| ${name} | ${Math.round(ms)} | ${(ms / base).toFixed(2)} |`);
  process.stdout.write(`| command | ms | ratio |\n|---|---|---|\n${lines.join('\n')}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

function writeTemplate() {
  const { devDependencies } = JSON.parse(execFileSync(process.execPath, ['-p', `JSON.stringify(require('./package.json'))`], { cwd: project }).toString());
  const pick = (names) => Object.fromEntries(names.map((name) => [name, devDependencies[name]]));
  const dependencies = { ...pick(['cdk8s', 'constructs', 'cdk8s-cli', 'typescript', '@types/node']), 'ts-node': '10.9.2', typescript: '5.9.3' };
  writeFileSync(join(scratch, 'package.json'), JSON.stringify({ name: 'template', version: '1.0.0', private: true, dependencies }));
  writeFileSync(join(scratch, 'cdk8s.yaml'), 'language: typescript\napp: npx ts-node main.ts\n');
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ compilerOptions: { target: 'ES2022', module: 'commonjs', strict: true, skipLibCheck: true, types: ['node'] } }));
  writeFileSync(
    join(scratch, 'main.ts'),
    `import { App, Chart, ApiObject } from 'cdk8s';\nconst app = new App();\nconst chart = new Chart(app, 'hello');\nnew ApiObject(chart, 'config', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, data: { hello: 'world' } } as never);\napp.synth();\n`,
  );
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: scratch, stdio: 'ignore' });
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
