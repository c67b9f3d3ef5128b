import { isAbsolute, normalize } from 'node:path';
import { guardedObject } from '../app/deletion-guard.ts';
import { loadProject } from '../app/project.ts';
import type { Synthesis } from '../app/synthesize.ts';
import { FindingsError } from '../core/finding.ts';
import { recoverJournal } from '../tree/journal.ts';
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
  const refusal = refusedOut(options.out, out, normalize(options.apps));
  if (refusal !== undefined) return fail([outputFolderFinding(options.out === '' ? '--out' : out, new Error(refusal))]);
  // A release command that was killed may have left half of a move, states included, in the tree of this project.
  if (!options.check && !isAbsolute(out) && !out.startsWith('..')) {
    const unfinished = recoverJournal({ root: process.cwd(), tree: out });
    if (unfinished.length > 0) return fail(unfinished);
  }
  const { platform, findings } = await loadProject(process.cwd(), options.apps);
  if (!platform || findings.length > 0) {
    // What could be loaded is checked all the same: all errors of a run are shown at once.
    printFindings([...findings, ...(platform?.render().findings ?? [])]);
    return EXIT.error;
  }
  if (options.out === undefined && !options.check && process.env['CDK8S_OUTDIR'] !== undefined) {
    try {
      platform.synth();
      return EXIT.fine;
    } catch (error) {
      if (!(error instanceof FindingsError)) throw error;
      printFindings(error.findings);
      return EXIT.error;
    }
  }
  const synthesis = platform.render((done, total) => show(`${done} of ${total} services`));
  printFindings(synthesis.findings);
  if (synthesis.findings.some(({ severity }) => severity === 'error')) return EXIT.error;
  const allowDelete = new Set(options.allowDelete);
  return options.check ? check(out, allowDelete, synthesis) : write(out, allowDelete, synthesis);
}

/** Why a folder cannot hold the tree, whoever may write to it. */
function refusedOut(given: string | undefined, out: string, apps: string): string | undefined {
  if (given === '') return 'the name of the folder is empty; is a variable unset?';
  return `${out}/`.startsWith(`${apps}/`) ? 'it is among the sources' : undefined;
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
