import { Option, type Command } from 'commander';
import { plainFolder } from './arguments.ts';
import type { PlanOptions } from './plan.ts';

/** Adds `ai-service plan`, which is loaded when it is called. */
export function addPlanCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('plan')
    .description(
      'say what a change of the GitOps tree will do, in words and by risk; exit 0: nothing, 2: something, 1: an error',
    )
    .option('--base <ref>', 'the tree before: a branch, tag or commit (default: HEAD)')
    .option('--head <ref>', 'the tree after; what it changed since it left the base')
    .option('--worktree', 'the tree after is on the disk (default)')
    .option('--from <folder>', 'compare folders instead: the tree before')
    .option('--to <folder>', 'the tree after')
    .addOption(
      new Option('--format <format>', 'how to print it').choices(['text', 'markdown', 'json', 'html']).default('text'),
    )
    .addOption(new Option('--max-risk <risk>', 'exit 1 when a change has more risk').choices(['low', 'medium', 'high']))
    .option(
      '--marker <name>',
      'hidden name of the markdown comment, by which a bot finds it (default: folder of the tree)',
    )
    .option('--gitops <folder>', 'checkout of the GitOps repository', '.')
    .option('--out <folder>', 'folder of the tree in it; . for the checkout itself', plainFolder, 'gitops')
    .action(async (options: PlanOptions) => {
      const { plan } = await import('./plan.ts');
      exit(await plan(options));
    });
}
