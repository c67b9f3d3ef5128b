import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Finding } from '../core/finding.ts';
import { compareText } from '../core/finding.ts';
import type { Network } from '../core/network.ts';
import { fetchBytes, SIZE_LIMIT, TOO_LARGE } from './fetch-bytes.ts';
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

/** `https:` is one without its slashes too: `https:/…` is a slip of the finger, and no file. */
const ADDRESS = /^(?:[a-z][a-z0-9+.-]+:\/\/|https?:)/i;

/**
 * A location as it may be said and written down: an address without its user info, query and fragment, which may be secrets.
 *
 * @example withoutSecrets('https://example.com/crds.yaml?token=x') // 'https://example.com/crds.yaml'
 */
export function withoutSecrets(location: string): string {
  if (!ADDRESS.test(location)) return location;
  if (!URL.canParse(location)) return `${location.slice(0, location.indexOf(':'))}://…`;
  const url = new URL(location);
  url.username = url.password = url.search = url.hash = '';
  return url.href;
}

/**
 * Reads a file, every `.json`, `.yaml` and `.yml` below a folder (but not in hidden folders or `node_modules`), or
 * an https address, which may have no user info, query or fragment. Sorted by name.
 *
 * @param only of a folder, take these files alone.
 */
export async function readInputs(
  location: string,
  network: Network,
  only?: readonly string[],
): Promise<{ readonly inputs: Input[]; readonly findings: Finding[] }> {
  if (ADDRESS.test(location)) return readUrl(location, network);
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

async function readUrl(location: string, network: Network): Promise<{ inputs: Input[]; findings: Finding[] }> {
  const shown = withoutSecrets(location);
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url?.protocol !== 'https:')
    return failed(shown, 'only https addresses are read, so that nobody can change a schema on the way');
  if (url.username !== '' || url.password !== '')
    return failed(shown, 'the address carries credentials, which would be written to sources.yaml', DOWNLOAD);
  if (url.search !== '' || url.hash !== '') {
    const reason = 'the address has a query or fragment, which may be a secret and would be written to sources.yaml';
    return failed(shown, reason, DOWNLOAD);
  }
  const bytes = await fetchBytes(shown, network);
  return typeof bytes === 'string' ? failed(shown, bytes) : { inputs: [input(shown, shown, bytes)], findings: [] };
}

function input(name: string, location: string, bytes: Uint8Array): Input {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { name, location, text: new TextDecoder().decode(bytes), digest };
}

async function readSmall(file: string): Promise<Uint8Array | string> {
  try {
    const { size } = await stat(file);
    return size > SIZE_LIMIT ? TOO_LARGE : await readFile(file);
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

const DOWNLOAD =
  'download the file and import it from disk; files of GitHub are at raw.githubusercontent.com without a query';

function failed(location: string, reason: string, fix?: string): { inputs: Input[]; findings: Finding[] } {
  return { inputs: [], findings: [unreadable(location, reason, fix)] };
}

function unreadable(
  file: string,
  reason: string,
  fix = 'give a file, a folder or an https address that holds CustomResourceDefinitions',
): Finding {
  return importFinding('import/unreadable', { file }, `cannot be read: ${reason}`, fix);
}
