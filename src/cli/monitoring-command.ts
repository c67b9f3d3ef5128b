import type { Command } from 'commander';
import type { MonitoringTestOptions } from './monitoring.ts';

/** Adds `ai-service monitoring`, whose parts are loaded when they are called. */
export function addMonitoringCommand(program: Command, exit: (code: number) => void): void {
  const monitoring = program.command('monitoring').description('alerts of services');
  monitoring
    .command('test')
    .description(
      'run the alerts of a service against stories, with promtool: each fires on its fault, and at no other time',
    )
    .argument('<service>', 'name of the service')
    .requiredOption('--env <environment>', 'environment')
    .option('--cluster <cluster>', 'cluster of it; default: the first')
    .option(
      '--stories <file>',
      'file of stories (default: monitoring.test.yaml in the folder of the service, where there is one)',
    )
    .option('--out <folder>', 'keep the rules and test files there')
    .option('--apps <folder>', 'folder of the services', 'apps')
    .action(async (service: string, options: MonitoringTestOptions) => {
      const { monitoringTest } = await import('./monitoring.ts');
      exit(await monitoringTest(service, options));
    });
}
