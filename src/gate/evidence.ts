import type { GateEvaluation, GatePart, GateResult } from './evaluate.ts';

/**
 * What the gates saw, to be kept with the transition that it was the reason of. Times are RFC 3339 in UTC, values are
 * those of Prometheus.
 */

/** A longer query is in the JSON alone. */
const LONGEST_QUERY = 400;

/**
 * Evidence for people: a line for each result, what decided, and the query.
 *
 * @example process.stdout.write(evidenceText(evaluation))
 */
export function evidenceText(evaluation: GateEvaluation): string {
  const { service, environment, candidate, stable, phase, weight, verdict, at, results } = evaluation;
  const head = `${verdict} ${service} in ${environment}: ${candidate} beside ${stable}, ${phase} at ${weight} %, ${at.toISOString()}`;
  return [head, ...results.flatMap(resultLines)].map((line) => `${line}\n`).join('');
}

function resultLines({ verdict, cluster, name, why, query }: GateResult): string[] {
  const line = `  ${verdict.padEnd('inconclusive'.length)}  ${cluster === undefined ? '' : `${cluster} `}${name}: ${why}`;
  return query === undefined || query.length > LONGEST_QUERY
    ? [line]
    : [line, ...query.split('\n').map((text) => `      ${text}`)];
}

/**
 * Evidence for machines, as JSON with two spaces. Fields that have no value are left out; their names do not change.
 *
 * @example writeFileSync('gate.json', evidenceJson(evaluation))
 */
export function evidenceJson({ results, at, ...evaluation }: GateEvaluation): string {
  const plain = {
    ...evaluation,
    at: at.toISOString(),
    results: results.map(({ name, cluster, verdict, value, limit, samples, why, at: time, query, parts }) => ({
      name,
      cluster,
      verdict,
      value,
      limit,
      samples,
      why,
      at: time.toISOString(),
      query,
      ...(parts.length > 0 && { parts: parts.map(plainPart) }),
    })),
  };
  return `${JSON.stringify(plain, null, 2)}\n`;
}

function plainPart({ at, value, samples }: GatePart): Readonly<Record<string, string | undefined>> {
  return { at: at.toISOString(), value, samples };
}
