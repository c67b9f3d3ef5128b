import { planChange, type PlanRequest } from '../app/plan.ts';
import type { Finding } from '../core/finding.ts';
import type { Plan, Risk } from '../review/plan.ts';
import { RISK_ORDER } from '../review/risks.ts';
import { planFinding } from '../review/rules.ts';
import { EXIT } from './exit.ts';
import { fail, printFindings } from './report.ts';

/** How a plan can be printed. */
type Format = 'text' | 'markdown' | 'json' | 'html';

/** Options of `ai-service plan`. */
export interface PlanOptions {
  readonly gitops: string;
  readonly out: string;
  readonly base?: string;
  readonly head?: string;
  readonly worktree?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly format: Format;
  readonly maxRisk?: Risk;
  readonly marker?: string;
}

/**
 * `ai-service plan`: what a change of the GitOps tree will do, in words and by risk. Exits with 0 when nothing changes, 2 when
 * something does, and 1 when something is wrong or too risky; the plan is printed all the same.
 */
export async function plan(options: PlanOptions): Promise<number> {
  const { format, out, marker = out, maxRisk } = options;
  const request = requestOf(options);
  if ('id' in request) return fail([request], 'reads');
  const { value, findings } = await planChange(request, format === 'html' || format === 'json');
  if (!value) return fail(findings, 'reads');
  const wrong = [
    ...value.findings,
    ...tooRisky(value, maxRisk),
    ...(await print(await printed(value, format, marker))),
  ];
  printFindings(wrong, 'reads');
  if (wrong.some(({ severity }) => severity === 'error')) return EXIT.error;
  return value.risk === 'none' ? EXIT.fine : EXIT.differs;
}

/** Which trees are meant; the options exclude each other. */
function requestOf({ gitops, out: tree, base, head, worktree, from, to }: PlanOptions): PlanRequest | Finding {
  const wrong = (message: string): Finding =>
    planFinding(
      'plan/options',
      {},
      message,
      'write --base <ref> with --head <ref> or --worktree, or --from <folder> with --to <folder>',
    );
  if (from !== undefined || to !== undefined) {
    if (from === undefined || to === undefined) return wrong('--from and --to go together');
    return base === undefined && head === undefined && !worktree
      ? { from, to }
      : wrong('folders are compared, or commits, not both');
  }
  if (head !== undefined && worktree) return wrong('--head and --worktree exclude each other');
  return { gitops, tree, base: base ?? 'HEAD', ...(head !== undefined && { head }) };
}

/** Each form is loaded when it is asked for. */
async function printed(value: Plan, format: Format, marker: string): Promise<string> {
  switch (format) {
    case 'text': {
      const color = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
      return (await import('../review/format/text.ts')).planText(value, {
        color,
        ...(process.stdout.isTTY && { width: process.stdout.columns }),
      });
    }
    case 'markdown':
      return (await import('../review/format/markdown.ts')).planMarkdown(value, { marker });
    case 'json':
      return (await import('../review/format/json.ts')).planJson(value);
    case 'html':
      return (await import('../review/format/html.ts')).planHtml(value);
  }
}

/** Writes to the standard output. A reader that has seen enough, as `head`, is no error. */
function print(text: string): Promise<Finding[]> {
  return new Promise((resolve) => {
    // Without a listener an error of the stream ends the process.
    process.stdout.once('error', () => {});
    process.stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
      if (!error || error.code === 'EPIPE') return resolve([]);
      resolve([
        planFinding(
          'plan/output',
          {},
          `the plan cannot be written: ${error.code ?? error.name}`,
          'make room, or write it to another place',
        ),
      ]);
    });
  });
}

function tooRisky({ risk, statements }: Plan, most: Risk | undefined): Finding[] {
  if (most === undefined || risk === 'none' || RISK_ORDER.indexOf(risk) <= RISK_ORDER.indexOf(most)) return [];
  const above = statements.filter((statement) => RISK_ORDER.indexOf(statement.risk) > RISK_ORDER.indexOf(most)).length;
  const message = `${above} change${above === 1 ? ' has' : 's have'} more than ${most} risk`;
  return [
    planFinding(
      'plan/max-risk',
      {},
      message,
      'make the change in smaller steps, or let somebody approve it who knows why it is right',
    ),
  ];
}
