import { dirname } from 'node:path';
import { openCheckout } from '../app/checkout.ts';
import { gateCase, gateTrailers, moveFor } from '../app/gate.ts';
import { diskFiles } from '../core/files.ts';
import { realNetwork } from '../core/network.ts';
import { prometheusEndpoints } from '../gate/endpoints.ts';
import { evaluateGates, type GateEvaluation } from '../gate/evaluate.ts';
import { evidenceJson, evidenceText } from '../gate/evidence.ts';
import { prometheusClient, prometheusCredentials } from '../gate/prometheus.ts';
import { releaseFinding } from '../release/rules.ts';
import { recoverJournal } from '../tree/journal.ts';
import { EXIT } from './exit.ts';
import { makeMove, type MoveCommandOptions } from './move.ts';
import { fail } from './report.ts';

/** Options of `ai-service gate`. */
export interface GateOptions extends MoveCommandOptions {
  /** `https://…` for all clusters, or `<cluster>=https://…`. */
  readonly prometheus?: readonly string[];
  readonly clusterLabel?: string;
  readonly advance?: boolean;
  readonly json?: boolean;
}

/** What says how a move is made and committed. */
const ONLY_WITH_ADVANCE = [
  ['commit', '--commit'],
  ['branch', '--branch'],
  ['prBody', '--pr-body'],
  ['reason', '--reason'],
] as const;

/** Exit codes of the verdicts; see exit.ts. */
const VERDICT_EXIT = { pass: 0, fail: 2, inconclusive: 3 } as const;

/**
 * `ai-service gate`: judges the candidate by the gates of its policy, and with `--advance` makes the move that follows:
 * advance, finish or cleanup when they pass, abort or rollback when they fail, none when they are inconclusive.
 */
export async function gate(service: string, options: GateOptions): Promise<number> {
  const { env: environment, gitops, out: tree, releases, prometheus = [], clusterLabel, json } = options;
  const doing = options.advance ? 'writes' : 'reads';
  const idle = options.advance ? [] : ONLY_WITH_ADVANCE.filter(([name]) => options[name] !== undefined);
  if (idle.length > 0)
    return fail(
      idle.map(([, flag]) => {
        const message = `${flag} is for the move that --advance makes, and none is asked for`;
        return releaseFinding(
          'release/request',
          { service, environment },
          message,
          `say --advance, or leave out ${flag}`,
        );
      }),
      doing,
    );
  const unfinished = recoverJournal({ root: gitops, tree });
  if (unfinished.length > 0) return fail(unfinished, doing);
  const checkout = openCheckout(diskFiles(gitops), { tree, releases });
  const { value: found, findings } = gateCase(checkout, service, environment, clusterLabel);
  if (!found) return fail(findings, doing);
  if (!found.question) {
    process.stderr.write(`${service} ${environment}: ${found.state.stable} serves, and nothing is on its way\n`);
    return EXIT.fine;
  }
  const asked = prometheusEndpoints(prometheus, clusterLabel, found.clusters);
  const { credentials, findings: wrong } = prometheusCredentials(process.env);
  if (asked.findings.length + wrong.length > 0) return fail([...asked.findings, ...wrong], doing);
  const network = await realNetwork(process.env);
  const clients = new Map(
    [...asked.endpoints.urls].map(([cluster, url]) => [cluster, prometheusClient(url, credentials, network)]),
  );
  const evaluation = await evaluateGates(
    { ...found.question, since: await lastCommitted(gitops, found.file) },
    clients,
    new Date(),
  );
  process.stdout.write(json ? evidenceJson(evaluation) : evidenceText(evaluation));
  const move = options.advance ? moveFor(found, evaluation) : undefined;
  if (options.advance && found.state.paused !== undefined)
    process.stderr.write(`automation is paused: ${found.state.paused}\n`);
  if (move) {
    const reason = options.reason ?? reasonOf(evaluation);
    // The state that was judged is the one that moves.
    const { step } = found.state;
    const made = await makeMove(
      service,
      move,
      { ...options, reason, ...(step !== undefined && { expectStep: step }) },
      gateTrailers(evaluation),
    );
    if (made !== EXIT.fine) return made;
  }
  return VERDICT_EXIT[evaluation.verdict];
}

/** When a file got the content that is committed; nothing is known outside of git, or while it is edited. */
async function lastCommitted(root: string, file: string): Promise<Date | undefined> {
  const { openRepository } = await import('../git/repository.ts');
  const repository = (await openRepository(root)).value;
  const edited = await repository?.changedInWorktree('HEAD', dirname(file));
  if (!repository || edited?.value?.some(({ path }) => path === file) !== false) return undefined;
  const date = (await repository.lastChanges([file])).value?.get(file)?.date;
  return date === undefined ? undefined : new Date(date);
}

/** Why a move was made, for the state and the commit: what failed, or that nothing did. */
function reasonOf({ results, verdict }: GateEvaluation): string {
  const decisive = results.filter((result) => result.verdict === verdict);
  return verdict === 'fail'
    ? decisive.map(({ name, why }) => `${name}: ${why}`).join('; ')
    : `${decisive.length} gates pass`;
}
