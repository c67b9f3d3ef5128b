import pc from 'picocolors';
import { foldFindings, formatFinding, type ClustersOf, type Finding, type Severity } from '../core/finding.ts';
import { EXIT } from './exit.ts';

// Colour is for terminals; picocolors by itself also colours the logs of CI.
const colours = pc.createColors(process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined);

const COLOURS: Readonly<Record<Severity, (text: string) => string>> = {
  error: colours.red,
  warning: colours.yellow,
  info: colours.cyan,
};

/** What a command does to files: only one that writes says after an error that it did not. */
type Doing = 'writes' | 'reads';

/**
 * Prints findings to stderr, sorted, each once for all places where it holds, with a total when there are errors.
 *
 * @param clustersOf the clusters of an environment, so that one is named alone where a finding holds on all of them.
 */
export function printFindings(findings: readonly Finding[], doing: Doing = 'writes', clustersOf?: ClustersOf): void {
  const sorted = foldFindings(findings, clustersOf);
  for (const finding of sorted) {
    const [head = '', ...rest] = formatFinding(finding).split('\n');
    process.stderr.write(`${COLOURS[finding.severity](head)}\n${rest.map((line) => `${line}\n`).join('')}`);
  }
  const errors = sorted.filter(({ severity }) => severity === 'error').length;
  if (errors === 0) return;
  const halfway = sorted.some(({ id }) => id === 'tree/write-failed');
  const outcome = doing === 'reads' ? '' : halfway ? '; the tree is half written' : '; nothing was written';
  process.stderr.write(`${errors} error${errors === 1 ? '' : 's'}${outcome}\n`);
}

/** Prints findings and gives the exit code of an error. */
export function fail(findings: readonly Finding[], doing: Doing = 'writes', clustersOf?: ClustersOf): number {
  printFindings(findings, doing, clustersOf);
  return EXIT.error;
}

/** Says on a terminal, about once a second, how far a command is; quiet elsewhere and when it is quick. */
export function progress(command: string): (step: string) => void {
  let last = performance.now();
  return (step) => {
    if (!process.stderr.isTTY || performance.now() - last < 1000) return;
    last = performance.now();
    process.stderr.write(colours.dim(`${command}: ${step}\n`));
  };
}
