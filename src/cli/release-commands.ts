import { InvalidArgumentError, type Command } from 'commander';
import type { Move } from '../release/transition.ts';
import { existingFolder, plainFolder } from './arguments.ts';
import type { AuditOptions, HistoryOptions } from './history.ts';
import type { GateOptions } from './gate.ts';
import type { CheckoutOptions, MoveCommandOptions } from './move.ts';
import type { LockVerifyOptions } from './lock.ts';
import type { ReleaseOptions } from './release.ts';
import type { UpdateOptions } from './update.ts';
import type { PromoteOptions } from './promote.ts';
import type { StatusOptions } from './status.ts';
import type { VerifyTransitionOptions } from './verify-transition.ts';

/** A command that moves a service from state to state. */
interface MoveCommand {
  readonly name: string;
  readonly description: string;
  /** What its second argument is, where it has one. */
  readonly argument?: string;
  readonly flags: Readonly<Record<string, string>>;
  /** @param release the second argument, or what `--to` names. */
  readonly move: (release: string | undefined) => Move;
}

const POLICY_FLAGS = {
  '--expect-step <step>': 'refuse when the candidate is at another step',
  '--accept-policy': 'go on though the policy changed since the candidate set out',
};

const MOVES: readonly MoveCommand[] = [
  {
    name: 'advance',
    description: 'give the candidate the next step of the policy',
    flags: POLICY_FLAGS,
    move: () => ({ action: 'advance' }),
  },
  {
    name: 'finish',
    description: 'make the candidate stable; what served before keeps running',
    flags: { '--force': 'leave steps out; needs a --reason', ...POLICY_FLAGS },
    move: () => ({ action: 'finish' }),
  },
  {
    name: 'abort',
    description: 'take all traffic off the candidate, and hold it',
    flags: {},
    move: () => ({ action: 'abort' }),
  },
  {
    name: 'rollback',
    description: 'go back to what served before, and hold what it replaces',
    flags: {
      '--to <release>': 'go back to this release',
      '--force': 'go back to one of which the state does not say that it served here; needs a --reason',
    },
    move: (to) => ({ action: 'rollback', ...(to !== undefined && { to }) }),
  },
  {
    name: 'hold',
    description: 'keep a release from traffic until somebody resumes it',
    argument: 'the release; default: the candidate',
    flags: {},
    move: (release) => ({ action: 'hold', ...(release !== undefined && { release }) }),
  },
  {
    name: 'resume',
    description: 'free a release that is held',
    argument: 'the release; default: the one that is held',
    flags: {},
    move: (release) => ({ action: 'resume', ...(release !== undefined && { release }) }),
  },
  { name: 'cleanup', description: 'remove what no longer serves', flags: {}, move: () => ({ action: 'cleanup' }) },
  {
    name: 'pause',
    description: 'stop automation for a service in an environment',
    flags: {},
    move: () => ({ action: 'pause' }),
  },
  { name: 'unpause', description: 'let automation go on', flags: {}, move: () => ({ action: 'unpause' }) },
];

function checkoutOptions(command: Command): Command {
  return storeOptions(command).option('--out <folder>', 'folder of the tree in it', plainFolder, 'gitops');
}

function storeOptions(command: Command): Command {
  return command
    .option('--gitops <folder>', 'checkout of the GitOps repository', existingFolder, '.')
    .option('--releases <folder>', 'folder of the release store in it', plainFolder, 'releases');
}

function commitOptions(command: Command): Command {
  return command
    .option('--commit', 'make one commit of state and tree, signed when git is set up to')
    .option('--branch <name>', 'make the commit on a new branch')
    .option('--pr-body <file>', 'write the body of a pull request');
}

function projectOptions(command: Command): Command {
  return command
    .option('--gitops <folder>', 'checkout of the GitOps repository (default: the project)', existingFolder)
    .option('--out <folder>', 'folder of the tree in it', plainFolder, 'gitops')
    .option('--releases <folder>', 'folder of the release store in it (default: that of the platform)', plainFolder)
    .option('--apps <folder>', 'folder of the services', plainFolder, 'apps');
}

function addRelease(program: Command, exit: (code: number) => void): void {
  const release = program
    .command('release')
    .description('lock the models of a service, and make that release the candidate of an environment')
    .argument('<service>', 'name of the service')
    .requiredOption('--env <environment>', 'environment')
    .option(
      '--model <part=model...>',
      'a model in place of that of the sources: main=corp/fraud-detector@champion, main=s3://…',
    )
    .option('--function <image>', 'image of the function in place of that of the sources')
    .option('--image <part=image...>', 'image of a part in place of that of the sources')
    .option('--config', 'changed sources with the models of the newest release; asks no registry')
    .option('--pin-images', 'write the digest of each image')
    .option('--allow-unapproved', 'take versions that wait for approval or were rejected')
    .option('--force', 'release in a stage that releases are promoted to; needs a --reason')
    .option('--reason <text>', 'why; stands in the record, the state and the commit', aReason);
  commitOptions(projectOptions(release)).action(async (service: string) => {
    exit(await (await import('./release.ts')).release(service, release.opts<ReleaseOptions>()));
  });
}

/** Commands that ask registries about what is locked. */
function addLockCommands(program: Command, exit: (code: number) => void): void {
  const verify = lockCommand(program)
    .command('verify')
    .description(
      'ask the registries whether what is locked is still what it was; exit 2 when something differs, 1 when not all could be asked',
    )
    .option('--env <environment>', 'one environment (default: all)')
    .option('--service <name>', 'one service (default: all)');
  projectOptions(verify).action(async () => {
    exit(await (await import('./lock.ts')).lockVerify(verify.opts<LockVerifyOptions>()));
  });

  const update = program
    .command('update')
    .description('propose newer releases: a branch for each service and environment')
    .argument('[service...]', 'names of the services')
    .option('--all', 'all services')
    .option('--env <environment...>', 'environments (default: those that releases enter)')
    .option('--json', 'print branch, title and body of each as JSON')
    .option('--apply', 'make each release, in a commit on its branch');
  projectOptions(update).action(async (services: string[]) => {
    exit(await (await import('./update.ts')).update(services, update.opts<UpdateOptions>()));
  });
}

/**
 * Adds the commands that work on the release store. What they do is loaded when one of them is called.
 *
 * @param exit told the exit code.
 */
export function addReleaseCommands(program: Command, exit: (code: number) => void): void {
  program.commandsGroup('Releases:');
  addRelease(program, exit);
  addPromote(program, exit);
  addGate(program, exit);
  addMoves(program, exit);
  program.commandsGroup('Registries and locks:');
  addLockCommands(program, exit);
  program.commandsGroup('What runs, and what ran:');
  addTrailCommands(program, exit);
}

function addMoves(program: Command, exit: (code: number) => void): void {
  for (const { name, argument, description, flags, move } of MOVES) {
    const command = program.command(name).description(description).argument('<service>', 'name of the service');
    if (argument !== undefined) command.argument('[release]', argument);
    checkoutOptions(command.requiredOption('--env <environment>', 'environment'));
    for (const [flag, text] of Object.entries(flags)) {
      if (flag.startsWith('--expect-step')) command.option(flag, text, wholeNumber);
      else command.option(flag, text);
    }
    commitOptions(command.option('--reason <text>', 'why; stands in the state and in the commit', aReason)).action(
      async (service: string) => {
        const { makeMove } = await import('./move.ts');
        const options = command.opts<MoveCommandOptions & { to?: string }>();
        exit(await makeMove(service, move(argument === undefined ? options.to : command.args[1]), options));
      },
    );
  }
}

function addPromote(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('promote')
    .description('make the release that serves in one environment the candidate of a later one')
    .argument('<service>', 'name of the service')
    .requiredOption('--from <environment>', 'where it serves')
    .requiredOption('--to <environment>', 'where it shall go')
    .option('--release <release>', 'another release than the one that serves there')
    .option(
      '--apps <folder>',
      'folder of the services, which the first release in an environment needs',
      plainFolder,
      'apps',
    )
    .option('--force', 'promote what was not finished there; needs a --reason')
    .option('--reason <text>', 'why; stands in the state and in the commit', aReason);
  commitOptions(checkoutOptions(command)).action(async (service: string, options: PromoteOptions) => {
    const { promote } = await import('./promote.ts');
    exit(await promote(service, options));
  });
}

function addGate(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('gate')
    .description('judge the candidate by the gates of its policy; exit 0 pass, 2 fail, 3 inconclusive')
    .argument('<service>', 'name of the service')
    .requiredOption('--env <environment>', 'environment')
    .option('--prometheus <url...>', 'Prometheus HTTP API: https://… for all clusters, or <cluster>=https://…')
    .option('--cluster-label <label>', 'label with the name of the cluster, where one Prometheus has several')
    .option('--advance', 'make the move that follows: advance, finish or cleanup; abort or rollback')
    .option('--json', 'print the evidence as JSON')
    .option('--reason <text>', 'why; default: what the gates say', aReason);
  commitOptions(checkoutOptions(command)).action(async (service: string, options: GateOptions) => {
    const { gate } = await import('./gate.ts');
    exit(await gate(service, options));
  });
}

/** Commands that read what happened, or check it. */
function addTrailCommands(program: Command, exit: (code: number) => void): void {
  const status = program
    .command('status')
    .description('show what serves, what is on its way and what is held; services by environments')
    .argument('[service]', 'name of the service; default: all')
    .option('--env <environment>', 'this environment only')
    .option('--json', 'print JSON');
  checkoutOptions(status).action(async (service: string | undefined, options: StatusOptions) => {
    exit(await (await import('./status.ts')).status(service, options));
  });

  const history = program
    .command('history')
    .description('show what was done to a service, when, by whom and why, as Git has it')
    .argument('<service>', 'name of the service')
    .option('--env <environment>', 'this environment only')
    .option('--limit <number>', 'at most so many entries, the newest ones', atLeastOne, 50)
    .option('--ref <ref>', 'start at this commit (default: the one that is checked out)')
    .option('--json', 'print JSON');
  storeOptions(history).action(async (service: string, options: HistoryOptions) => {
    exit(await (await import('./history.ts')).history(service, options));
  });

  const audit = program
    .command('audit')
    .description('show which model served at a time, since when, and who approved it')
    .requiredOption('--service <service>', 'name of the service')
    .requiredOption('--env <environment>', 'environment')
    .option(
      '--at <time>',
      '2026-03-01T09:30:00Z, with Z or an offset; or a date, which means its end in UTC (default: now)',
    )
    .option('--ref <ref>', 'the branch that the environment follows (default: the commit that is checked out)')
    .option('--json', 'print JSON');
  storeOptions(audit).action(async (options: AuditOptions) => {
    exit(await (await import('./history.ts')).audit(options));
  });

  const verify = program
    .command('verify-transition')
    .description('check that a branch brings one legal move, with its evidence, and nothing else')
    .requiredOption('--base <ref>', 'the branch that it goes to')
    .requiredOption('--head <ref>', 'the branch that brings it')
    .option('--allow-forced', 'take a move that needed --force, for a pull request that a person has approved');
  checkoutOptions(verify).action(async (options: VerifyTransitionOptions) => {
    exit(await (await import('./verify-transition.ts')).verifyTransition(options));
  });

  const repair = lockCommand(program)
    .command('repair')
    .description('resolve what a merge left in state files: the safer side counts')
    .argument('[file...]', 'state files; default: all that have markers of a merge');
  checkoutOptions(repair).action(async (files: string[], options: CheckoutOptions) => {
    exit(await (await import('./lock-repair.ts')).lockRepair(files, options));
  });
}

/** The parent of `lock verify` and `lock repair`. */
function lockCommand(program: Command): Command {
  return (
    program.commands.find((command) => command.name() === 'lock') ??
    program.command('lock').description('check and repair what is locked')
  );
}

function aReason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It says nothing.');
  return text;
}

function atLeastOne(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('It is not at least 1.');
  return number;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}
