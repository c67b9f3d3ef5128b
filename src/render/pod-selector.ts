import type { Target } from './target.ts';

/**
 * Labels that tell the pods of one part of one release from all others: of another service, another part, another
 * release. Fewer than the pods have, so that a new owner moves no pod out of its Service.
 */
export function podSelector(target: Target, part: string, release: string): Record<string, string> {
  return { 'app.kubernetes.io/version': release, ...partSelector(target, part) };
}

/** Labels that tell the pods of one part, of all its releases, from all others. */
export function partSelector(target: Target, part: string): Record<string, string> {
  return { 'app.kubernetes.io/component': part, 'app.kubernetes.io/name': target.service };
}
