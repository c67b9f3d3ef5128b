import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createJiti } from 'jiti';
import { formatFinding, type Finding, type Where } from '../core/finding.ts';
import { readYaml } from '../core/read-yaml.ts';
import { AIService, type AIServiceProps } from './ai-service.ts';
import { Platform } from './platform.ts';
import { appFinding } from './rules.ts';

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
 * @param root folder of the project.
 * @param apps folder of the services, relative to the project.
 */
export async function loadProject(root: string, apps = 'apps'): Promise<Project> {
  const jiti = createJiti(join(root, 'package.json'), { interopDefault: false });
  const findings: Finding[] = [];
  const platformFile = sourceFile(root, `${apps}/platform`);
  if (!platformFile) {
    const fix = 'make it, and export a Platform from it: export const platform = new Platform({ … })';
    return {
      platform: undefined,
      findings: [appFinding('project/no-platform', {}, `there is no ${apps}/platform.ts`, fix)],
    };
  }
  const platform = platformIn(await load(platformFile), platformFile);
  if (!platform) return { platform: undefined, findings };
  platform.root = root;
  platform.apps = apps;

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
      await loadService(code, name);
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
  return { platform, findings };

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
    try {
      return await jiti.import<Record<string, unknown>>(join(root, file));
    } catch (error) {
      const message = error instanceof Error ? firstLine(error.message) : String(error);
      findings.push(
        appFinding(
          'project/load',
          { file, ...lineIn(join(root, file), error) },
          `the file cannot be loaded: ${message}`,
          'correct the file; npx tsc --noEmit says more',
        ),
      );
      return {};
    } finally {
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
    const before = platform?.made.length;
    const problems = findings.length;
    await load(file);
    if (findings.length > problems) return;
    const made = platform?.made.slice(before).map((service) => service.name) ?? [];
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
      text = readFileSync(join(root, file), 'utf8');
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
    if (wrong.length === 0 && platform) new AIService(platform, name, value as AIServiceProps, { file, locate });
  }
}

function sourceFile(root: string, path: string): string | undefined {
  return EXTENSIONS.map((extension) => `${path}.${extension}`).find((file) => existsSync(join(root, file)));
}

function serviceFolders(folder: string, kind: 'isDirectory' | 'isSymbolicLink'): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry[kind]() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? text).trimEnd();
}

/** The line of a file that an error is about, as its message or stack says. Columns are those of transpiled code. */
function lineIn(path: string, error: unknown): Pick<Where, 'line'> {
  const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : '';
  const [, after = ''] = text.split(`${path}:`);
  const line = /^\d+/.exec(after)?.[0];
  return line === undefined ? {} : { line: Number(line) };
}
