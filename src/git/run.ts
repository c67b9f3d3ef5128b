import { spawn } from 'node:child_process';
import type { Finding } from '../core/finding.ts';
import { gitFinding } from './rules.ts';

/** How to run git. */
export interface RunOptions {
  /** What it reads from its standard input. */
  readonly input?: string;
  /** Gets every NUL-terminated piece of the output as it comes; git is ended when it returns `false`. */
  readonly onPiece?: (piece: string) => boolean | void;
}

/** What a run of git came to. */
export interface Ran {
  /** 0 also when git was ended because it had said enough. */
  readonly code: number;
  /** Empty when the pieces went to `onPiece`. */
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** The code of shells for a program that is not there. */
export const NOT_STARTED = 127;

/** In every run: names in messages as they are, and commits in UTF-8. */
const CONFIG = ['--no-pager', '-c', 'core.quotePath=off', '-c', 'i18n.commitEncoding=UTF-8', '-c', 'color.ui=false'];

/**
 * What a hook of git sets for the git commands in it. They name the repository of the hook, or change what a path means;
 * the repository of a folder is found from the folder.
 */
const NOT_OURS = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_PREFIX',
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
]);

/** Runs git in a folder. Arguments are a list: no shell is between. */
export function runGit(folder: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn('git', ['-C', folder, ...CONFIG, ...args], { env: environment() });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    const pieces = options.onPiece && splitter(options.onPiece);
    let enough = false;
    child.stdout.on('data', (chunk: Buffer) => {
      if (enough) return;
      if (!pieces) out.push(chunk);
      else if (!pieces(chunk)) enough = child.kill();
    });
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const done = (code: number, stderr: string) =>
      resolve({ code: enough ? 0 : code, stdout: Buffer.concat(out), stderr });
    child.on('error', (error) => done(NOT_STARTED, error.message));
    child.on('close', (code, signal) => done(code ?? 1, Buffer.concat(errors).toString() || (signal ?? '')));
    // Git may end before it has read everything; then its exit code says why.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_OURS.has(name));
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' };
}

/** Cuts chunks at NUL; false when `onPiece` wants no more. */
function splitter(onPiece: (piece: string) => boolean | void): (chunk: Buffer) => boolean {
  let rest: Buffer[] = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
      const piece = Buffer.concat([...rest, chunk.subarray(start, end)]).toString();
      rest = [];
      start = end + 1;
      if (onPiece(piece) === false) return false;
    }
    rest.push(chunk.subarray(start));
    return true;
  };
}

/** The NUL-terminated pieces of an output. */
export function piecesOf(output: Buffer): string[] {
  return output.toString().split('\0').slice(0, -1);
}

/** What is said about a run that failed and should not have. */
export function failed(what: string, ran: Ran): Finding {
  const message = `cannot ${what}: ${inWords(ran.stderr || ran.stdout.toString()) || `git ended with code ${ran.code}`}`;
  return gitFinding(
    'git/failed',
    {},
    message,
    'correct what git or the hook complains about, and run the command again',
  );
}

const MAX_WORDS = 600;

/** What git or a hook said, on one line, without what may be a secret in an address. */
export function inWords(stderr: string): string {
  const text = stderr
    .replace(/\x1b\[[\d;]*[A-Za-z]/g, '')
    .replace(/(\w+:\/\/)[^\s/@]*@/g, '$1')
    .replace(/(\w+:\/\/[^\s?#'"]*)[?#][^\s'"]*/g, '$1')
    .replace(/[\0-\x1f\x7f]+/g, ' ')
    .trim();
  return text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}…` : text;
}
