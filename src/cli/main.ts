import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from './exit.ts';
import type { ImportOptions } from './import.ts';
import { addMonitoringCommand } from './monitoring-command.ts';
import { addPlanCommand } from './plan-command.ts';
import { addReferenceCommand } from './reference-command.ts';
import { addReleaseCommands } from './release-commands.ts';

/**
 * Runs the command line and returns the exit code. Each command is loaded when it is called, so that start-up pays
 * for one command only.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.fine;
  const program = new Command('ai-service')
    .description('Describe AI services in TypeScript, and synth the whole GitOps tree.')
    .version(ownVersion())
    // `import` has a --version of its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });

  program.commandsGroup('The tree:');
  program
    .command('synth')
    .description('write the GitOps tree; into $CDK8S_OUTDIR when cdk8s calls it')
    .addOption(new Option('--out <folder>', 'folder of the owned tree').default(undefined, 'gitops'))
    .option('--apps <folder>', 'folder of the services', 'apps')
    .option('--check', 'write nothing; exit 2 when the tree on disk is not what the sources say')
    .option('--allow-delete <what...>', 'services and objects that may go away, as the error names them')
    .action(async (options: { out?: string; apps: string; check?: boolean; allowDelete?: string[] }) => {
      const { synth } = await import('./synth.ts');
      code = await synth(options);
    });

  addPlanCommand(program, (exit) => {
    code = exit;
  });

  program
    .command('import')
    .description('make types and schemas from CRDs and Kubernetes OpenAPI documents')
    .argument('<source...>', 'files, folders or https URLs; with --listed the folders that hold what is listed')
    .option('--out <folder>', 'folder to write to', 'imports')
    .option('--project <name>', 'whose schemas these are, for sources.yaml (default: name of the file, folder or host)')
    .option('--version <version>', "the project's version, for sources.yaml")
    .option('--kinds <kind...>', 'these kinds only: VirtualService, apps/v1/Deployment')
    .option('--no-descriptions', 'leave descriptions out of the types')
    .option('--listed', 'import again what sources.yaml lists')
    .action(async (sources: string[], options: ImportOptions) => {
      const { importCrds } = await import('./import.ts');
      code = await importCrds(sources, options);
    });

  addReleaseCommands(program, (exit) => {
    code = exit;
  });

  program.commandsGroup('Monitoring:');
  addMonitoringCommand(program, (exit) => {
    code = exit;
  });
  addReferenceCommand(program, (exit) => {
    code = exit;
  });

  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.error;
    throw error;
  }
  return code;
}

function ownVersion(): string {
  const { version } = createRequire(import.meta.url)('cdk8s-ai-service/package.json') as { readonly version: string };
  return version;
}
