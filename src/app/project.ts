import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createJiti } from 'jiti';
import type { Finding } from '../core/finding.ts';
import { readYaml } from '../core/read-yaml.ts';
import { AIService, type AIServiceProps } from './ai-service.ts';
import { Platform } from './platform.ts';

/** A project that was read, or what is wrong with it. */
export interface Project {
  readonly platform: Platform | undefined;
  readonly findings: readonly Finding[];
}

const EXTENSIONS = ['ts', 'mts', 'js', 'mjs'] as const;

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
    const message = `there is no ${apps}/platform.ts`;
    const fix = 'make it, and export a Platform from it: export const platform = new Platform({ … })';
    return { platform: undefined, findings: [{ id: 'project/no-platform', severity: 'error', where: {}, message, fix }] };
  }
  const platform = platformIn(await load(platformFile), platformFile);
  if (!platform) return { platform: undefined, findings };

  for (const name of serviceFolders(join(root, apps))) {
    const folder = `${apps}/${name}`;
    const code = sourceFile(root, `${folder}/service`);
    const yaml = existsSync(join(root, folder, 'service.yaml')) ? `${folder}/service.yaml` : undefined;
    if (code && yaml) {
      findings.push({ id: 'project/two-sources', severity: 'error', where: { file: yaml }, message: `the service is described by ${code} too`, fix: 'remove one of the two files' });
    } else if (code) {
      await loadService(code, name);
    } else if (yaml) {
      readService(yaml, name);
    }
  }
  return { platform, findings };

  async function load(file: string): Promise<Record<string, unknown>> {
    try {
      return await jiti.import<Record<string, unknown>>(join(root, file));
    } catch (error) {
      const message = error instanceof Error ? firstLine(error.message) : String(error);
      findings.push({ id: 'project/load', severity: 'error', where: { file }, message: `the file cannot be loaded: ${message}`, fix: 'correct the file; npx tsc --noEmit says more' });
      return {};
    }
  }

  function platformIn(module: Record<string, unknown>, file: string): Platform | undefined {
    const platforms = Object.values(module).filter((value) => value instanceof Platform);
    if (platforms.length !== 1 && findings.length === 0) {
      const message = platforms.length === 0 ? 'the file exports no Platform' : `the file exports ${platforms.length} platforms`;
      findings.push({ id: 'project/no-platform', severity: 'error', where: { file }, message, fix: 'export one: export const platform = new Platform({ … })' });
    }
    return platforms[0];
  }

  async function loadService(file: string, name: string): Promise<void> {
    const before = new Set(platform?.services);
    const problems = findings.length;
    await load(file);
    if (findings.length > problems) return;
    const made = platform?.services.filter((service) => !before.has(service)).map((service) => service.name) ?? [];
    if (made.length === 1 && made[0] === name) return;
    const message = made.length === 0 ? 'the file defines no service on the platform' : `the file defines ${made.map((each) => JSON.stringify(each)).join(' and ')}`;
    findings.push({ id: 'project/service-name', severity: 'error', where: { file }, message: `${message}; its folder says ${JSON.stringify(name)}`, fix: `define exactly one: new AIService(platform, '${name}', { … })` });
  }

  function readService(file: string, name: string): void {
    const yaml = readYaml(readFileSync(join(root, file), 'utf8'), file);
    findings.push(...yaml.findings);
    if (yaml.findings.length > 0 || !platform) return;
    new AIService(platform, name, yaml.value as AIServiceProps, { file, locate: yaml.locate });
  }
}

function sourceFile(root: string, path: string): string | undefined {
  return EXTENSIONS.map((extension) => `${path}.${extension}`).find((file) => existsSync(join(root, file)));
}

function serviceFolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
