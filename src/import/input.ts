import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Finding } from '../core/finding.ts';
import { compareText } from '../core/finding.ts';
import { fetchBytes, SIZE_LIMIT } from './fetch-bytes.ts';
import { importFinding } from './rules.ts';

/** One file or address that was read. */
export interface Input {
  /** What it is called in `sources.yaml`: its path in the folder that was given, its file name, or its address. */
  readonly name: string;
  /** What it is called in findings: the location as it was given, with the path in it. */
  readonly location: string;
  readonly text: string;
  /** `sha256:` and the digest of the bytes, in hex. */
  readonly digest: string;
}

const EXTENSIONS = /\.(json|ya?ml)$/i;

/**
 * Reads a file, every `.json`, `.yaml` and `.yml` below a folder (but not in hidden folders or `node_modules`), or
 * an https address. Sorted by name.
 *
 * @param only of a folder, take these files alone.
 */
export async function readInputs(
  location: string,
  only?: readonly string[],
): Promise<{ readonly inputs: Input[]; readonly findings: Finding[] }> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(location)) return readUrl(location);
  const kind = await stat(location).catch(reasonOf);
  if (typeof kind === 'string') return failed(location, kind);
  const names = kind.isDirectory() ? (only ?? (await list(location).catch(reasonOf))) : [''];
  if (typeof names === 'string') return failed(location, names);
  const inputs: Input[] = [];
  const findings: Finding[] = [];
  for (const name of [...names].sort(compareText)) {
    const file = name === '' ? location : join(location, name);
    const bytes = await readSmall(file);
    if (typeof bytes === 'string') findings.push(unreadable(file, bytes));
    else inputs.push(input(name || basename(location), file, bytes));
  }
  if (names.length === 0) return failed(location, 'the folder holds no .json, .yaml or .yml file');
  return { inputs, findings };
}

async function readUrl(location: string): Promise<{ inputs: Input[]; findings: Finding[] }> {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url?.protocol !== 'https:')
    return failed(location, 'only https addresses are read, so that nobody can change a schema on the way');
  if (url.username !== '' || url.password !== '') {
    url.username = url.password = '';
    return failed(url.href, 'the address carries credentials, which would be written to sources.yaml');
  }
  const bytes = await fetchBytes(url.href);
  return typeof bytes === 'string'
    ? failed(location, bytes)
    : { inputs: [input(url.href, url.href, bytes)], findings: [] };
}

function input(name: string, location: string, bytes: Uint8Array): Input {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { name, location, text: new TextDecoder().decode(bytes), digest };
}

async function readSmall(file: string): Promise<Uint8Array | string> {
  try {
    const { size } = await stat(file);
    return size > SIZE_LIMIT ? `it is larger than ${SIZE_LIMIT / 1024 / 1024} MB` : await readFile(file);
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? 'there is no such file or folder'
    : (error as Error).message;
}

/** Paths below the folder with forward slashes, the same on every system. */
async function list(folder: string, prefix = ''): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const name = prefix + entry.name;
    if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') {
      names.push(...(await list(folder, `${name}/`)));
    } else if ((entry.isFile() || entry.isSymbolicLink()) && EXTENSIONS.test(entry.name)) names.push(name);
  }
  return names;
}

function failed(location: string, reason: string): { inputs: Input[]; findings: Finding[] } {
  return { inputs: [], findings: [unreadable(location, reason)] };
}

function unreadable(file: string, reason: string): Finding {
  const fix = 'give a file, a folder or an https address that holds CustomResourceDefinitions';
  return importFinding('import/unreadable', { file }, `cannot be read: ${reason}`, fix);
}
