import { answered, refused, type Answer } from '../core/answer.ts';
import { canonicalJson } from '../core/digest.ts';
import type { Where } from '../core/finding.ts';
import { unknownRegistry } from '../release/from-sources.ts';
import type { LockedModel } from '../release/record.ts';
import type { RegistryDeps } from '../release/registries/deps.ts';
import { openRegistry } from '../release/registries/open.ts';
import { refusal, type Allowance, type Registry, type ResolvedModel } from '../release/registries/registry.ts';
import { releaseFinding } from '../release/rules.ts';
import { modelUriProblem } from '../service/model-uri.ts';
import type { ModelServer } from '../service/workload.ts';

/** What model is wanted: an immutable URI, or a name in a registry. */
export type WantedModel = NonNullable<ModelServer['model']>;

/** How a service's models are asked for. */
export interface LockRequest extends Allowance {
  /** What each part wants, by part. */
  readonly models: Readonly<Record<string, WantedModel>>;
  /** Metrics that a record keeps, by part; all others stay in the registry. */
  readonly metrics: Readonly<Record<string, ReadonlySet<string>>>;
  readonly where: Where;
}

/** The registries of a platform, each opened when it is asked for. */
export interface Registries {
  /** Names of the registries. */
  readonly names: readonly string[];
  /** The registry of that name, or `undefined` when there is none. */
  open(name: string): Promise<Registry> | undefined;
}

/** Opens the registries of a platform, each at most once; what was asked once is not asked again. */
export function registriesOf(
  configs: Readonly<Record<string, Parameters<typeof openRegistry>[1]>>,
  deps: RegistryDeps,
): Registries {
  const opened = new Map<string, Promise<Registry>>();
  return {
    names: Object.keys(configs),
    open(name) {
      const config = Object.hasOwn(configs, name) ? configs[name] : undefined;
      if (!config) return undefined;
      const registry = opened.get(name) ?? openRegistry(name, config, deps).then(remembering);
      opened.set(name, registry);
      return registry;
    },
  };
}

/** For the length of a command a registry has one answer: two services, or two environments, lock the same. */
function remembering(registry: Registry): Registry {
  const answers = new Map<string, ReturnType<Registry['resolve']>>();
  return {
    ...registry,
    resolve(request) {
      const key = canonicalJson(request);
      const answer = answers.get(key) ?? registry.resolve(request);
      answers.set(key, answer);
      return answer;
    },
  };
}

/**
 * Locks models: each name in a registry to one version, and to the place where KServe finds it. Immutable URIs are taken as
 * they are, without a look at them.
 *
 * @returns the locked models by part; or why one of them cannot be released, of all of them at once.
 */
export async function lockModels(
  registries: Registries,
  { models, metrics, where, ...allowance }: LockRequest,
): Promise<Answer<Readonly<Record<string, LockedModel>>>> {
  const locked = await Promise.all(
    Object.entries(models).map(async ([part, wanted]) => {
      const at: Where = { ...where, field: fieldOf(part) };
      const { value, findings } = await lockOne(registries, wanted, metrics[part] ?? new Set(), at, allowance);
      return {
        part,
        value,
        findings: findings.map((finding) => ({ ...finding, where: { ...where, ...finding.where } })),
      };
    }),
  );
  const findings = locked.flatMap((each) => each.findings);
  if (findings.some(({ severity }) => severity === 'error')) return refused(...findings);
  return answered(Object.fromEntries(locked.flatMap(({ part, value }) => (value ? [[part, value]] : []))), ...findings);
}

/** Where the model of a part is written. */
export function fieldOf(part: string): string {
  return part === 'predictor' ? 'predictor.model' : `models.${part}.model`;
}

async function lockOne(
  registries: Registries,
  wanted: WantedModel,
  metrics: ReadonlySet<string>,
  where: Where,
  allowance: Allowance,
): Promise<Answer<LockedModel>> {
  if ('uri' in wanted) {
    const problem = modelUriProblem(wanted.uri);
    return problem ? refused(releaseFinding('release/request', where, problem.message, problem.fix)) : answered(wanted);
  }
  const opening = registries.open(wanted.registry);
  if (!opening) return refused(unknownRegistry(wanted.registry, registries.names, where));
  const { name, version, alias } = wanted;
  const request = {
    name,
    ...(version !== undefined && { version }),
    ...(alias !== undefined && { alias, allow: allowance }),
  };
  const { value: model, findings } = await (await opening).resolve(request);
  if (!model) return refused(...findings);
  const unfit = refusal(model, where, allowance);
  if (unfit) return refused(...findings, unfit);
  return answered(lockOf(wanted.registry, alias, model, metrics), ...findings);
}

function lockOf(
  registry: string,
  alias: string | undefined,
  model: ResolvedModel,
  wanted: ReadonlySet<string>,
): LockedModel {
  const { name, version, uri, digest, run, uid, created, approval } = model;
  const metrics = Object.fromEntries(Object.entries(model.metrics).filter(([metric]) => wanted.has(metric)));
  const { datasets } = model;
  return {
    registry,
    name,
    version,
    ...(alias !== undefined && { requested: `@${alias}` }),
    uri,
    ...(digest !== undefined && { digest }),
    ...(run !== undefined && { run }),
    ...(uid !== undefined && { uid }),
    ...(created !== undefined && { created }),
    ...(approval !== 'unknown' && { approval }),
    ...(Object.keys(metrics).length > 0 && { metrics }),
    ...(Object.keys(datasets).length > 0 && { datasets: { ...datasets } }),
  };
}
