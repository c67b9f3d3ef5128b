import type { Command } from 'commander';
import type { ReferenceBuildOptions } from './reference.ts';

/** Adds `ai-service reference`, whose parts are loaded when they are called. */
export function addReferenceCommand(program: Command, exit: (code: number) => void): void {
  const reference = program
    .command('reference')
    .description('reference distributions of drift rules, and what exposes the metrics');
  reference
    .command('build')
    .description('make a reference distribution of a sample')
    .argument('<sample>', 'CSV with a header line, JSON or JSON lines, by the end of its name')
    .option('--column <name>', 'the column; not needed where there is one')
    .option('--bins <number>', 'so many bins with about the same share', '10')
    .option('--edges <list>', 'these edges instead: 0.1,0.5,0.9')
    .option('--feature <name>', 'the feature that it is of; default: of predictions')
    .option('--out <file>', 'file to write; default: standard output')
    .action(async (sample: string, options: ReferenceBuildOptions) => {
      const { referenceBuild } = await import('./reference.ts');
      exit(referenceBuild(sample, options));
    });
  reference
    .command('snippet')
    .description('make a KServe transformer in Python that observes what drift and schema rules read')
    .argument('<file...>', "a service's intent.yaml in the tree, or reference files called like their histograms")
    .option('--out <file>', 'file to write; default: standard output')
    .action(async (files: string[], options: { out?: string }) => {
      const { referenceSnippet } = await import('./reference.ts');
      exit(await referenceSnippet(files, options));
    });
}
