import { z } from 'zod';
import { foreignByte } from '../core/files.ts';
import type { Finding, Where } from '../core/finding.ts';
import { across, report } from './common.ts';
import { parseWith, type Parsed } from './parse.ts';

/** How far the shares of a reference may be from summing to 1: they are decimal numbers, rounded by somebody. */
const TOLERANCE = 1e-6;

/** More bins than this say less, and make more series. */
const MOST_EDGES = 99;

/** A reference distribution: bins and their shares. */
export const reference = z
  .strictObject({
    edges: z.array(z.number()).min(1).max(MOST_EDGES).meta({
      description: 'Upper bounds of all bins but the last, rising; they must be bucket bounds of the histogram.',
    }),
    shares: z.array(z.number().min(0).max(1)).meta({
      description:
        'Share of observations in each bin, one more than there are edges: the last bin has no upper bound. They sum to 1.',
    }),
    n: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Number of observations that the reference was made of. Default: very many.' }),
    feature: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Feature that it is of. Default: it is of predictions.' }),
  })
  .check(
    across(['edges', 'shares'], (context) => {
      const { edges, shares } = context.value;
      edges.forEach((edge, index) => {
        const before = edges[index - 1];
        if (before !== undefined && edge <= before) {
          report(context, `edges do not rise: ${before} is followed by ${edge}`, 'sort them, and name each once', [
            'edges',
            String(index),
          ]);
        }
      });
      if (shares.length !== edges.length + 1) {
        const fix = `write ${edges.length + 1} shares; the last one is what lies above ${edges.at(-1) ?? ''}`;
        report(
          context,
          `${edges.length} edges make ${edges.length + 1} bins, but there are ${shares.length} shares`,
          fix,
          ['shares'],
        );
      }
      shares.forEach((share, index) => {
        if (share === 0)
          report(
            context,
            `the bin ${binText(edges, index)} is empty, so that one observation in it would be endless drift`,
            emptyFix(edges, index),
            ['shares', String(index)],
          );
      });
      const total = shares.reduce((sum, share) => sum + share, 0);
      if (Math.abs(total - 1) > TOLERANCE) {
        report(context, `shares sum to ${Number(total.toPrecision(7))}, not to 1`, 'divide each by their sum', [
          'shares',
        ]);
      }
    }),
  )
  .meta({ title: 'DriftReference', description: 'A reference distribution for drift rules: bins and shares.' });

/**
 * A bin in words.
 *
 * @example binText([0.1, 0.5], 1) // 'above 0.1 up to 0.5'
 */
export function binText(edges: readonly number[], index: number): string {
  const [lower, upper] = [edges[index - 1], edges[index]];
  if (lower === undefined) return `up to ${upper}`;
  return upper === undefined ? `above ${lower}` : `above ${lower} up to ${upper}`;
}

/** Which edge to leave out, so that an empty bin joins a neighbour. */
export function emptyFix(edges: readonly number[], index: number): string {
  return `leave out the edge ${edges[index] ?? edges[index - 1]}, so that the bin joins its neighbour`;
}

/** A reference distribution. */
export type Reference = z.output<typeof reference>;

/**
 * Reads a reference file (JSON). What is wrong with it is a finding `monitoring/reference` that names the file.
 *
 * @example parseReference('{"edges":[0.5],"shares":[0.9,0.1]}', { file: 'apps/x/reference/score.json' }).value
 */
export function parseReference(text: string, where: Where): Parsed<Reference> {
  const foreign = foreignByte(text);
  if (foreign) {
    const { line, column, message, fix } = foreign;
    return { value: undefined, findings: [finding({ ...where, line, column }, message, fix)] };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return {
      value: undefined,
      findings: [finding(where, `the reference is not JSON: ${(error as Error).message}`, FIX)],
    };
  }
  const parsed = parseWith(reference, value, where);
  if (parsed.value) return parsed;
  return {
    value: undefined,
    findings: parsed.findings.map(({ where: at, message, fix }) => finding(at, message, fix)),
  };
}

const FIX = 'write { "edges": [0.1, 0.5], "shares": [0.7, 0.2, 0.1] }: bin edges, and one share more';

function finding(where: Where, message: string, fix: string): Finding {
  return { id: 'monitoring/reference', severity: 'error', where, message, fix };
}
