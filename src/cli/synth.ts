import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { guardedObject } from '../app/deletion-guard.ts';
import { loadProject } from '../app/project.ts';
import type { Synthesis } from '../app/synthesize.ts';
import { FindingsError, type Finding } from '../core/finding.ts';
import { recoverJournal } from '../tree/journal.ts';
import { INDEX_FILE } from '../tree/paths.ts';
import { outputFolderFinding } from '../tree/plan.ts';
import { compareTree, guardedDeletions, writeTree } from '../tree/write.ts';
import { EXIT } from './exit.ts';
import { fail, printFindings, progress } from './report.ts';

/** Options of `ai-service synth`. */
export interface SynthOptions {
  readonly out?: string;
  readonly apps: string;
  readonly check?: boolean;
  readonly allowDelete?: readonly string[];
}

/**
 * Renders and checks the whole tree, and writes it: into the owned folder, or, when the cdk8s CLI calls, into the
 * scratch folder that it names in `CDK8S_OUTDIR`. Nothing is written when a finding is an error.
 */
export async function synth(options: SynthOptions): Promise<number> {
  const show = progress('synth');
  const out = normalize(options.out ?? 'gitops');
  const refusal = refusedOut(options.out, out, options.apps);
  if (refusal) return fail([refusal]);
  // A release command that was killed may have left half of a move, states included, in the tree of this project.
  if (!options.check && !isAbsolute(out) && !out.startsWith('..')) {
    const unfinished = recoverJournal({ root: process.cwd(), tree: out });
    if (unfinished.length > 0) return fail(unfinished);
  }
  const { platform, findings } = await loadProject(process.cwd(), options.apps);
  if (!platform || findings.length > 0) {
    // What could be loaded is checked all the same: all errors of a run are shown at once.
    printFindings([...findings, ...(platform?.render().findings ?? [])], 'writes', platform?.clustersOf);
    return EXIT.error;
  }
  if (options.out === undefined && !options.check && process.env['CDK8S_OUTDIR'] !== undefined) {
    try {
      platform.synth();
      return EXIT.fine;
    } catch (error) {
      if (!(error instanceof FindingsError)) throw error;
      printFindings(error.findings, 'writes', platform.clustersOf);
      return EXIT.error;
    }
  }
  const misplaced = platform.config && refusedRoot(out, platform.config.gitops.path);
  if (misplaced) return fail([misplaced]);
  const synthesis = platform.render((done, total) => show(`${done} of ${total} services`));
  printFindings(synthesis.findings, 'writes', platform.clustersOf);
  if (synthesis.findings.some(({ severity }) => severity === 'error')) return EXIT.error;
  const allowDelete = new Set(options.allowDelete);
  return options.check ? check(out, allowDelete, synthesis) : write(out, allowDelete, synthesis);
}

/** Why a folder can never hold the tree, whoever may write to it. */
function refusedOut(given: string | undefined, out: string, apps: string): Finding | undefined {
  if (given === '') return refused('--out', 'the name of the folder is empty; is a variable unset?');
  const place = realPath(out);
  if (place === dirname(place)) return refused(out, 'it is the root of the disk');
  if (place === realPath(homedir())) return refused(out, 'it is your home folder');
  return isIn(place, realPath(apps)) ? refused(out, 'it is among the sources') : undefined;
}

/**
 * Why a folder with more in it than the tree cannot hold it: the project, a folder above it, or a repository. Where the
 * platform says that the tree is the whole repository, it can.
 *
 * @param path folder of the tree in its repository.
 */
function refusedRoot(out: string, path: string): Finding | undefined {
  const folder = normalize(`${path}/`).replace(/\/$/, '');
  if (folder === '.') return undefined;
  const [place, project] = [realPath(out), realPath('.')];
  const said = `and the platform says that the tree is in ${folder}/ of its repository (gitops.path)`;
  if (place === project) return refused(out, `it is the folder of the project, ${said}`, folder);
  if (isIn(project, place)) return refused(out, `the project is in it, ${said}`);
  if (!existsSync(join(place, '.git')) || existsSync(join(place, INDEX_FILE))) return undefined;
  return refused(out, `it is the root of a Git repository, ${said}`, join(out, folder));
}

function refused(out: string, why: string, instead = 'gitops'): Finding {
  const fix = `write --out ${instead}: the tree has a folder of its own`;
  return outputFolderFinding(out, new Error(why), fix);
}

/** A folder without links on the way, as far as it is there. */
function realPath(folder: string): string {
  const path = resolve(folder);
  if (existsSync(path)) return realpathSync(path);
  return join(realPath(dirname(path)), basename(path));
}

/** Whether a folder is another one, or in it. */
function isIn(folder: string, other: string): boolean {
  return `${folder}/`.startsWith(`${other}/`);
}

function check(out: string, allowDelete: ReadonlySet<string>, { files, guard, instead }: Synthesis): number {
  const { added, changed, removed, findings } = compareTree({ outDir: out, files });
  printFindings(findings);
  if (findings.some(({ severity }) => severity === 'error')) return EXIT.error;
  const lines = [
    ...added.map((path) => `missing  ${path}`),
    ...changed.map((path) => `differs  ${path}`),
    ...removed.map((path) => `stale    ${path}`),
  ];
  if (lines.length === 0) return EXIT.fine;
  process.stdout.write(`${lines.join('\n')}\n`);
  const refusals = guardedDeletions(removed, { outDir: out, guard, describe: guardedObject, instead, allowDelete });
  printFindings(refusals, 'reads');
  process.stderr.write(
    `${out} is not what the sources say: ${refusals.length > 0 ? 'synth would refuse to delete what is live' : 'run npx ai-service synth'}\n`,
  );
  return EXIT.differs;
}

function write(out: string, allowDelete: ReadonlySet<string>, { files, guard, instead }: Synthesis): number {
  const { written, removed, unchanged, findings } = writeTree({
    outDir: out,
    files,
    guard,
    describe: guardedObject,
    instead,
    allowDelete,
  });
  printFindings(findings);
  if (findings.some(({ severity }) => severity === 'error')) return EXIT.error;
  process.stderr.write(`${out}: ${written.length} written, ${removed.length} removed, ${unchanged} unchanged\n`);
  return EXIT.fine;
}
