import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  builtInStories,
  readStories,
  RULES_FILE,
  storyFinding,
  testsOfStories,
  type RulesUnderTest,
  type StoryTest,
} from '../app/monitoring-test.ts';
import type { Platform } from '../app/platform.ts';
import { loadProject } from '../app/project.ts';
import { answered, refused, type Answer } from '../core/answer.ts';
import { textOf } from '../core/files.ts';
import type { Where } from '../core/finding.ts';
import { makeFolder } from '../core/make-folder.ts';
import { slug } from '../core/names.ts';
import { readYaml } from '../core/read-yaml.ts';
import { emitYaml } from '../core/yaml.ts';
import type { RuleGroup } from '../promql/rule.ts';
import { outputFolderFinding } from '../tree/plan.ts';
import { EXIT } from './exit.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service monitoring test`. */
export interface MonitoringTestOptions {
  readonly env: string;
  readonly cluster?: string;
  readonly stories?: string;
  readonly out?: string;
  readonly apps: string;
}

/** File of stories in the folder of a service. */
const STORIES_FILE = 'monitoring.test.yaml';

/**
 * `ai-service monitoring test`: writes the rules of a service and a test file of promtool for each of its stories, and runs
 * promtool. With `--out` the files stay, and promtool need not be there.
 */
export async function monitoringTest(service: string, options: MonitoringTestOptions): Promise<number> {
  const where: Where = { service, environment: options.env };
  const { platform, findings } = await loadProject(process.cwd(), options.apps);
  const doing = options.out === undefined ? 'reads' : 'writes';
  if (!platform || findings.length > 0)
    return fail([...findings, ...(platform?.render().findings ?? [])], doing, platform?.clustersOf);
  const rules = rulesOf(platform, service, options, where);
  if (!rules.value) return fail(rules.findings, doing, platform.clustersOf);
  const tests = testsOf(rules.value, options, where);
  if (!tests.value) return fail(tests.findings, doing);
  const folder = options.out ?? mkdtempSync(join(tmpdir(), 'ai-service-'));
  try {
    const files = tests.value.map(({ name, text }, index) => ({
      name,
      file: `${String(index + 1).padStart(2, '0')}-${slug(name, 40) || 'story'}.test.yaml`,
      text,
    }));
    try {
      makeFolder(folder);
      writeFileSync(join(folder, RULES_FILE), emitYaml({ groups: rules.value.groups }));
      for (const { file, text } of files) writeFileSync(join(folder, file), text);
    } catch (error) {
      return fail([outputFolderFinding(folder, error)]);
    }
    printFindings(tests.findings, doing);
    return run(folder, files, options.out !== undefined);
  } finally {
    if (options.out === undefined) rmSync(folder, { recursive: true });
  }
}

/** The rules of the service, as the sources render them today. */
function rulesOf(
  platform: Platform,
  service: string,
  { env, cluster }: MonitoringTestOptions,
  where: Where,
): Answer<RulesUnderTest> {
  const { files, findings: found } = platform.render();
  const wrong = found.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0) return refused(...wrong);
  const folder = new RegExp(`^envs/[^/]+/([^/]+)/[^/]+/[^/]+/manifests/prometheusrule\\.`);
  const paths = [...files.keys()].filter(
    (path) => path.startsWith(`envs/${env}/`) && path.split('/')[4] === service && folder.test(path),
  );
  const chosen = cluster ?? folder.exec(paths[0] ?? '')?.[1];
  const objects = paths
    .filter((path) => folder.exec(path)?.[1] === chosen)
    .map(
      (path) =>
        readYaml(files.get(path) ?? '', path).value as {
          metadata: { namespace: string };
          spec: { groups: readonly RuleGroup[] };
        },
    );
  const [first] = objects;
  if (!first) {
    const message = `the sources render no rules of the service ${cluster === undefined ? 'there' : `on cluster ${cluster}`}`;
    return refused(
      storyFinding(
        'story/no-rules',
        where,
        message,
        'correct the name, the environment or the cluster; the cluster must declare prometheus',
      ),
    );
  }
  return answered({ groups: objects.flatMap(({ spec }) => spec.groups), service, namespace: first.metadata.namespace });
}

function testsOf(
  rules: RulesUnderTest,
  { apps, stories: named }: MonitoringTestOptions,
  where: Where,
): Answer<readonly StoryTest[]> {
  const file = named ?? `${apps}/${rules.service}/${STORIES_FILE}`;
  let text: string | undefined;
  try {
    text = textOf(readFileSync(file));
  } catch (error) {
    // One that is not asked for need not be there.
    if (named !== undefined || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
      return refused(
        storyFinding(
          'story/file',
          { ...where, file },
          `the file cannot be read: ${(error as NodeJS.ErrnoException).code ?? ''}`,
          'write it, or correct its path',
        ),
      );
    }
  }
  const told = text === undefined ? answered([]) : readStories(text, file, where);
  if (!told.value) return told;
  const own = testsOfStories(rules, told.value, { ...where, file });
  const builtIn = builtInStories(rules, where);
  return own.value ? answered([...(builtIn.value ?? []), ...own.value], ...builtIn.findings, ...own.findings) : own;
}

/** Runs the tests one by one, so that each says for itself how it ended. */
function run(
  folder: string,
  tests: readonly { readonly name: string; readonly file: string }[],
  kept: boolean,
): number {
  let failed = 0;
  for (const { name, file } of tests) {
    const { error, status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (error) {
      if (kept) {
        process.stdout.write(`${tests.length} stories written to ${folder}; promtool is not there to run them\n`);
        return EXIT.fine;
      }
      return fail([
        storyFinding(
          'story/no-promtool',
          {},
          'promtool cannot be run',
          'install Prometheus (apt-get install prometheus), or keep the files with --out <folder>',
        ),
      ]);
    }
    if (status !== 0) failed += 1;
    process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'}  ${name}\n`);
    if (status !== 0) process.stdout.write(`${(stdout + stderr).trim().replace(/^/gm, '      ')}\n`);
  }
  process.stdout.write(
    `${tests.length - failed} of ${tests.length} stories hold${kept ? `; files are in ${folder}` : ''}\n`,
  );
  return failed > 0 ? EXIT.error : EXIT.fine;
}
