import type { Finding } from '../core/finding.ts';
import { gitFinding } from './rules.ts';

/** Where a repository was opened. */
export interface Place {
  /** The folder that was opened, absolute. */
  readonly folder: string;
  /** Top folder of the checkout. */
  readonly root: string;
  /** Path of `folder` below `root`: empty, or with a slash at the end. */
  readonly prefix: string;
  readonly bare: boolean;
  readonly shallow: boolean;
}

/** What is wrong with paths that are given. `''`, the folder itself, is only right where folders are meant. */
export function checkPaths(paths: Iterable<string>, are: 'files' | 'folders'): Finding[] {
  const findings: Finding[] = [];
  for (const path of paths) {
    const flaw = path === '' && are === 'folders' ? undefined : flawOf(path);
    if (flaw === undefined) continue;
    findings.push(pathFinding(path, flaw, 'write a path below the folder, as releases/fraud-detector/v47.yaml'));
  }
  return findings;
}

/** A finding about one path. */
export function pathFinding(path: string, flaw: string, fix: string): Finding {
  return gitFinding('git/path', {}, `the path ${JSON.stringify(path)} ${flaw}`, fix);
}

function flawOf(path: string): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return 'is absolute';
  const names = path.split('/');
  if (names.includes('..') || names.includes('.')) return 'has a part that is . or ..';
  if (names.includes('')) return 'has an empty part';
  if (names.some((name) => /^\.git$/i.test(name))) return 'reaches into the Git repository itself';
  return path.includes('\0') ? 'has a character that no path can have' : undefined;
}

/** A path as git has it, from the top. */
export function fromTop(place: Place, path: string): string {
  return `${place.prefix}${path}`;
}

/** A path of git as callers have it, relative to the folder that was opened. */
export function fromFolder(place: Place, path: string): string {
  return path.slice(place.prefix.length);
}

/** What stands for exactly these paths, and what is below them, on the command line of git. None means everything. */
export function pathspecs(place: Place, paths: readonly string[]): string[] {
  const whole = paths.length === 0 || paths.includes('');
  const asked = whole ? [place.prefix.slice(0, -1)] : paths.map((path) => fromTop(place, path));
  return asked[0] === '' ? [] : asked.map(pathspec);
}

/** Without it, `*` and `:` in names have a meaning, and a dash in front as well. */
export function pathspec(pathFromTop: string): string {
  return `:(top,literal)${pathFromTop}`;
}

/** Windows allows 32,767 characters. */
const MAX_ARGUMENTS = 16_000;

/** The paths in groups that fit on a command line each. */
export function inGroups(paths: readonly string[]): string[][] {
  const groups: string[][] = [];
  let left = 0;
  for (const path of paths) {
    const length = path.length + pathspec('').length + 3;
    if (length > left || groups.length === 0) {
      groups.push([]);
      left = MAX_ARGUMENTS;
    }
    groups.at(-1)!.push(path);
    left -= length;
  }
  return groups;
}

/** The paths, or the folder that they have in common when they are too many for a command line: filter what comes. */
export function atMost(paths: readonly string[]): readonly string[] {
  if (inGroups(paths).length <= 1) return paths;
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1));
  const common = first.findIndex((name, index) => others.some((other) => other[index] !== name));
  return [(common < 0 ? first : first.slice(0, common)).join('/')];
}
