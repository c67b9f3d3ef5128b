import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createJiti } from 'jiti';
import { diskFiles } from '../core/files.ts';
import { formatFinding, formatWhere, type Finding, type Where } from '../core/finding.ts';
import { readYaml } from '../core/read-yaml.ts';
import { AIService, type AIServiceProps } from './ai-service.ts';
import { Platform } from './platform.ts';
import { appFinding } from './rules.ts';
import { dueNow, onStrayError } from './stray-errors.ts';

/** A project that was read, or what is wrong with it. */
export interface Project {
  readonly platform: Platform | undefined;
  readonly findings: readonly Finding[];
}

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs'] as const;

const SERVICE_FILES = [...EXTENSIONS, 'yaml'].map((extension) => `service.${extension}`);

/**
 * Reads a project: `apps/platform.ts` exports the platform, `apps/<name>/service.ts` or `service.yaml` defines exactly
 * the service `<name>`. TypeScript is transpiled without type checking; the result is cached by content.
 *
 * Without a platform the services in YAML are checked all the same, as far as they can be. What the code starts and does not wait
 * for is a finding when it fails while this runs; later it is a line on stderr, and exit code 1.
 *
 * @param root folder of the project.
 * @param apps folder of the services, relative to the project.
 */
export async function loadProject(root: string, apps = 'apps'): Promise<Project> {
  const jiti = createJiti(join(root, 'package.json'), { interopDefault: false });
  const findings: Finding[] = [];
  let loading: string | undefined;
  onStrayError((error) => {
    const where = placeIn(root, apps, error) ?? (loading === undefined ? {} : { file: loading });
    const fix = 'await it in the file, or handle its error';
    findings.push(appFinding('project/load', where, strayMessage(error, where), fix));
  });
  const platform = await loadPlatform();
  // What stands in for a platform takes services; what is wrong with itself is of no interest.
  const standIn = platform ?? new Platform<string, string, string, string>({} as never, { root, apps });
  if (platform) {
    platform.root = root;
    platform.apps = apps;
  }
  await loadServices();
  if (!platform) {
    standIn.findings.length = 0;
    findings.push(...standIn.render().findings);
  }
  onStrayError((error) => {
    tellLate(error, placeIn(root, apps, error));
  });
  return { platform, findings };

  async function loadPlatform(): Promise<Platform | undefined> {
    const file = sourceFile(root, `${apps}/platform`);
    if (file) return platformIn(await load(file), file);
    const fix = 'make it, and export a Platform from it: export const platform = new Platform({ … })';
    findings.push(appFinding('project/no-platform', {}, `there is no ${apps}/platform.ts`, fix));
    return undefined;
  }

  async function loadServices(): Promise<void> {
    for (const name of serviceFolders(join(root, apps), 'isSymbolicLink')) {
      if (SERVICE_FILES.every((file) => !existsSync(join(root, apps, name, file)))) continue;
      findings.push(
        appFinding(
          'project/service-folder',
          { file: `${apps}/${name}` },
          'a link to the folder of a service is not followed',
          'put the folder itself here',
        ),
      );
    }
    for (const name of serviceFolders(join(root, apps), 'isDirectory')) {
      const folder = `${apps}/${name}`;
      const code = sourceFile(root, `${folder}/service`);
      const yaml = existsSync(join(root, folder, 'service.yaml')) ? `${folder}/service.yaml` : undefined;
      if (code && yaml) {
        findings.push(
          appFinding(
            'project/two-sources',
            { file: yaml },
            `the service is described by ${code} too`,
            'remove one of the two files',
          ),
        );
      } else if (code) {
        // It would fail at the platform that it imports.
        if (platform) await loadService(code, name);
      } else if (yaml) {
        readService(yaml, name);
      } else {
        const near = readdirSync(join(root, folder)).find((file) => /^service\.(?:ya?ml|m?[tj]s)$/i.test(file));
        if (near === undefined) continue;
        const fix = `call it ${near.toLowerCase().replace(/\.yml$/, '.yaml')}`;
        findings.push(
          appFinding('project/service-folder', { file: `${folder}/${near}` }, `nothing reads ${folder}/${near}`, fix),
        );
      }
    }
  }

  async function load(file: string): Promise<Record<string, unknown>> {
    const ended = (): void => {
      const finding = appFinding(
        'project/load',
        { file },
        'the file ended the process, or waits for what never comes',
        'remove process.exit(), and what it awaits',
      );
      process.stderr.write(`${formatFinding(finding)}\n`);
      process.exitCode = 1;
    };
    process.once('exit', ended);
    loading = file;
    try {
      const module = await jiti.import<Record<string, unknown>>(join(root, file));
      await dueNow();
      return module;
    } catch (error) {
      findings.push(
        appFinding(
          'project/load',
          { file, ...lineIn(join(root, file), error) },
          `the file cannot be loaded: ${messageOf(error)}`,
          'correct the file; npx tsc --noEmit says more',
        ),
      );
      return {};
    } finally {
      loading = undefined;
      process.off('exit', ended);
    }
  }

  function platformIn(module: Record<string, unknown>, file: string): Platform | undefined {
    // One that is exported twice, by name and as default, is one.
    const platforms = [...new Set(Object.values(module))].filter((value) => value instanceof Platform);
    if (platforms.length !== 1 && findings.length === 0) {
      const message =
        platforms.length === 0 ? 'the file exports no Platform' : `the file exports ${platforms.length} platforms`;
      findings.push(
        appFinding('project/no-platform', { file }, message, 'export one: export const platform = new Platform({ … })'),
      );
    }
    return platforms[0];
  }

  async function loadService(file: string, name: string): Promise<void> {
    const before = standIn.made.length;
    const problems = findings.length;
    await load(file);
    if (findings.length > problems) return;
    const made = standIn.made.slice(before).map((service) => service.name);
    if (made.length === 1 && made[0] === name) return;
    const message =
      made.length === 0
        ? 'the file defines no service on the platform'
        : `the file defines ${made.map((each) => JSON.stringify(each)).join(' and ')}`;
    const fix = `define exactly one: new AIService(platform, '${name}', { … })`;
    findings.push(
      appFinding('project/service-name', { file }, `${message}; its folder says ${JSON.stringify(name)}`, fix),
    );
  }

  function readService(file: string, name: string): void {
    let text: string;
    try {
      text = diskFiles(root).read(file) ?? '';
    } catch (error) {
      findings.push(
        appFinding(
          'project/load',
          { file },
          `the file cannot be read: ${(error as Error).message}`,
          'make it a file that can be read',
        ),
      );
      return;
    }
    const { value, findings: wrong, locate } = readYaml(text, file);
    findings.push(...wrong);
    if (wrong.length === 0) new AIService(standIn, name, value as AIServiceProps, { file, locate });
  }
}

function sourceFile(root: string, path: string): string | undefined {
  return EXTENSIONS.map((extension) => `${path}.${extension}`).find((file) => existsSync(join(root, file)));
}

function serviceFolders(folder: string, kind: 'isDirectory' | 'isSymbolicLink'): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry[kind]() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n', 1)[0] ?? text).trimEnd();
}

function strayMessage(error: unknown, { file }: Where): string {
  return `what ${file === undefined ? 'a file of the project' : 'the file'} started failed, and nothing handles the error: ${messageOf(error)}`;
}

/** Says that code of the project failed when nothing can be stopped any more. What is our own mistake is shown as Node shows it. */
function tellLate(error: unknown, where: Where = {}): void {
  const ours = error instanceof Error && error.stack?.includes(import.meta.dirname) === true;
  const place = formatWhere(where);
  const line = `error project/load${place && `: ${place}`}: ${strayMessage(error, where)}; the run did not wait for it`;
  process.stderr.write(`${ours && !place ? error.stack : line}\n`);
  process.once('exit', () => {
    process.exitCode = 1;
  });
}

/** Where in the sources an error was thrown, as far as its stack says. */
function placeIn(root: string, apps: string, error: unknown): Where | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const start = stack.indexOf(join(root, apps, '/'));
  if (start < 0) return undefined;
  const [, file, line] = /^(.*?):(\d+)/.exec(stack.slice(start + join(root, '/').length)) ?? [];
  return file === undefined ? undefined : { file, line: Number(line) };
}

/** The line of a file that an error is about, as its message or stack says. Columns are those of transpiled code. */
function lineIn(path: string, error: unknown): Pick<Where, 'line'> {
  const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : '';
  const [, after = ''] = text.split(`${path}:`);
  const line = /^\d+/.exec(after)?.[0];
  return line === undefined ? {} : { line: Number(line) };
}
