import { answered, type Answer } from '../../core/answer.ts';
import { modelUriProblem } from '../../service/model-uri.ts';
import { refuse, registryOf, type Context } from './adapter.ts';
import type { Allowance, Registry, ResolvedModel } from './registry.ts';

/**
 * Models by immutable URI. The name of such a model is its URI, and so is its version: there is nothing to resolve, and a
 * release locks URI and digest alone.
 */
export function openImmutableUris(context: Context): Registry {
  const registry = registryOf({ versionOf, look }, context);
  const resolve: Registry['resolve'] = ({ name, alias }) =>
    registry.resolve(alias === undefined ? { name, version: name } : { name, alias });
  return { ...registry, resolve };
}

function versionOf(_uri: string, alias: string, _allow: Allowance, { where }: Context): Promise<Answer<string>> {
  const fix = "name a registry: ModelRef.registry('corp', 'fraud-detector@champion')";
  return Promise.resolve(refuse('registry/request', where, `a URI has no alias ${JSON.stringify(alias)}`, fix));
}

function look(uri: string, _version: string, { where }: Context): Promise<Answer<ResolvedModel>> {
  const problem = modelUriProblem(uri);
  if (problem) return Promise.resolve(refuse('registry/place', where, problem.message, problem.fix));
  return Promise.resolve(
    answered({
      name: uri,
      version: uri,
      uri,
      status: 'ready',
      approval: 'unknown',
      metrics: {},
      tags: {},
      datasets: {},
    }),
  );
}
