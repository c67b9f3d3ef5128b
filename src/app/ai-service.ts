import { Construct } from 'constructs';
import type { KubeObject } from '../core/object.ts';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean, isDns1035, isDnsLabel } from '../core/names.ts';
import type { Override } from '../service/overrides.ts';
import { mergeOverride } from '../service/overrides.ts';
import { fieldPath, parseWith, pathOfField, valueAt, type Locate, type Parsed } from '../service/parse.ts';
import { serviceFinding } from '../service/rules.ts';
import { aiService, overridesSchema, type ServiceSpec } from '../service/service.ts';
import type { RegistryModelOf } from '../service/model-ref.ts';
import type { AIServiceSpec, ModelServer, ModelUri } from '../service/spec.ts';
import type { DashboardSource, UserDashboard } from './dashboard.ts';
import type { PatchOperation, PatchSelector, ServicePatch } from './patch.ts';
import type { Platform } from './platform.ts';
import { appFinding } from './rules.ts';
import { ServiceChart } from './service-chart.ts';

type ModelServerProps<R extends string> = Omit<ModelServer, 'model'> & {
  /** The model. Required, except for `custom` images that carry their model. */
  model?: ModelUri | RegistryModelOf<R>;
};

/**
 * What an environment or stage may change: all but the owner and where the service runs. Objects merge, lists and unions
 * replace, `null` unsets.
 *
 * @example
 * overrides: { prod: { predictor: { scaling: { min: 2, max: 6 } }, traffic: { timeout: null } } }
 */
export type AIServiceOverride = Override<Omit<AIServiceSpec, 'owner' | 'environments'>>;

/**
 * One AI service, as it is written. Names of environments (`E`), stages (`S`) and registries (`R`) are the platform's own,
 * so that a misspelt one does not compile. The same fields make up a `service.yaml`.
 */
export type AIServiceProps<E extends string = string, S extends string = string, R extends string = string> = Omit<
  AIServiceSpec,
  'predictor' | 'models' | 'environments'
> & {
  /** Environments and stages to run in. Default: all. */
  environments?: readonly (E | S)[];
  /** The main model. */
  predictor?: ModelServerProps<R>;
  /** More models of the service, by name; the function calls them. */
  models?: { [name: string]: ModelServerProps<R> };
  /** Differences by environment or stage. Objects merge, arrays and unions replace, `null` unsets. */
  overrides?: { [K in E | S]?: AIServiceOverride };
};

/** The file that describes a service, for findings; the project loader gives it. */
export interface ServiceSource {
  readonly file: string;
  readonly locate?: Locate;
}

/** The service as one environment sees it. @internal */
export interface ServiceInEnvironment {
  readonly spec: ServiceSpec;
  /** The same as it was written: overrides merged, no defaults. */
  readonly written: unknown;
  /** The overrides as written, weakest first. */
  readonly overrides: readonly unknown[];
}

/**
 * One deployable AI service: owner, models, optional function, release policy, monitoring, overrides.
 * Mistakes are collected, and reported by the platform's `synth()`; the constructor throws only where there is no platform.
 *
 * @example
 * new AIService(platform, 'fraud-detector', {
 *   owner: { team: 'risk-ml' },
 *   predictor: {
 *     framework: 'sklearn',
 *     model: ModelRef.uri('s3://ml-models/fraud-detector/v47/'),
 *     resources: { cpu: '4', memory: '8Gi' },
 *   },
 * });
 */
export class AIService<
  E extends string = string,
  S extends string = string,
  R extends string = string,
> extends Construct {
  /** The service's name: its host name, and the start of every object name. */
  readonly name: string;
  /** The service without overrides; missing when it has mistakes. @internal */
  readonly base: ServiceSpec | undefined;
  /** @internal */
  readonly findings: Finding[] = [];
  /** @internal */
  readonly patches: ServicePatch[] = [];
  /** @internal */
  readonly dashboards: UserDashboard[] = [];
  readonly #platform: Platform;
  readonly #source: ServiceSource;
  readonly #raw: Record<string, unknown>;
  readonly #overrides: Readonly<Record<string, unknown>>;
  readonly #charts = new Map<string, ServiceChart>();

  constructor(
    platform: Platform<string, E, S, R>,
    name: string,
    props: AIServiceProps<NoInfer<E>, NoInfer<S>, NoInfer<R>>,
    source?: ServiceSource,
  ) {
    super(present(platform), freeId(platform, name));
    this.name = typeof name === 'string' ? name : '';
    this.#platform = platform;
    this.#source = source ?? { file: `${platform.apps}/${name}/service.ts` };
    const { overrides, ...raw } = isMap(props) ? props : {};
    this.#raw = raw;
    this.#overrides = isMap(overrides) ? overrides : {};
    platform.made.push(this);

    const where = this.#where();
    const base = parseWith(aiService, isMap(props) ? raw : props, where, source?.locate);
    const listed = this.#raw['environments'];
    const environments: readonly unknown[] = Array.isArray(listed) ? listed : [];
    this.findings.push(
      ...this.#nameFindings(where),
      ...base.findings,
      ...(overrides === undefined ? [] : parseWith(overridesSchema, { overrides }, where, source?.locate).findings),
      ...environments.flatMap((each, index) =>
        typeof each === 'string' ? this.#unknownName(each, ['environments', index]) : [],
      ),
      ...Object.keys(this.#overrides).flatMap((each) => this.#unknownName(each, ['overrides', each])),
    );
    // What has a mistake is not rendered: environments and objects would say the same again, each.
    this.base = this.findings.length === 0 ? base.value : undefined;
  }

  /** Folder of the service, which paths in it are relative to. @internal */
  get folder(): string {
    return `${this.#platform.apps}/${this.name}`;
  }

  /**
   * The chart of the service in one environment and cluster: anything added to it (`ApiObject`, cdk8s-plus constructs)
   * joins the objects that we render, and is checked like them. Names get the service's name in front, no hash.
   *
   * @throws Error when the platform has no such environment, the environment no such cluster, or the service does not
   *   run there, so that what is added would be lost.
   * @example
   * for (const chart of service.charts('prod-eu')) new kplus.ConfigMap(chart, 'labels', { data: { … } });
   */
  chart(environment: E, cluster: string): ServiceChart {
    const key = `${environment}/${cluster}`;
    let chart = this.#charts.get(key);
    if (!chart) {
      const { config } = this.#platform;
      const env = config?.environments[environment];
      // Of a platform with mistakes nobody knows what it has, and nothing is rendered for it.
      if (config && !env?.clusters.includes(cluster))
        throw new Error(`environment ${environment} has no cluster ${cluster}`);
      if (config && !this.runsIn(environment))
        throw new Error(`service ${this.name} does not run in environment ${environment}`);
      const rendered = (): readonly KubeObject[] => this.#platform.renderUnit(this, environment, cluster);
      chart = new ServiceChart(
        this,
        environment,
        cluster,
        env ? namespaceOf(env.namespace, this.base?.owner.team ?? '') : 'unknown',
        rendered,
      );
      this.#charts.set(key, chart);
    }
    return chart;
  }

  /**
   * The charts of the service, one per environment and cluster that it runs in.
   *
   * @param environment environment or stage. Default: all. One that the platform does not have is an error at synth.
   */
  charts(environment?: E | S): readonly ServiceChart[] {
    const { config } = this.#platform;
    if (environment !== undefined) this.findings.push(...this.#unknownName(environment, ['charts']));
    if (!config) return [];
    return Object.entries(config.environments).flatMap(([name, env]) =>
      (environment === undefined || environment === name || environment === env.stage) && this.runsIn(name)
        ? env.clusters.map((cluster) => this.chart(name as E, cluster))
        : [],
    );
  }

  /** The chart of an environment and cluster, when somebody asked for it before. @internal */
  existingChart(environment: string, cluster: string): ServiceChart | undefined {
    return this.#charts.get(`${environment}/${cluster}`);
  }

  /**
   * Changes what we render, after rendering and before the checks: a last resort for a field that the vocabulary does
   * not have. A path that is missing, or a selector that matches nothing, is an error at synth.
   *
   * @example service.patch({ kind: 'VirtualService' }, { op: 'replace', path: '/spec/http/0/timeout', value: '5s' });
   */
  patch(selector: PatchSelector<E | S>, ...operations: readonly PatchOperation[]): void {
    const wrong = selectorProblem(selector);
    if (wrong !== undefined) {
      this.findings.push(
        appFinding(
          'patch/no-match',
          this.#where(),
          wrong,
          "write { kind: 'VirtualService' }, and name or environment where not all are meant",
        ),
      );
      return;
    }
    this.patches.push({ selector, operations });
    if (selector.environment !== undefined)
      this.findings.push(...this.#unknownName(selector.environment, ['patch', 'environment']));
  }

  /**
   * Adds a dashboard, beside the one that every service gets, on clusters that have a Grafana: as JSON, as a builder of
   * Grafana's Foundation SDK (anything with `build()`), or as a function that makes one of these for each place. What cannot
   * be written is an error at synth.
   *
   * @param name what it is; `<service>-<name>` is its ConfigMap.
   * @example service.addDashboard('scores', ({ namespace }) => new DashboardBuilder(`Scores in ${namespace}`));
   */
  addDashboard(name: string, source: DashboardSource): void {
    const where = this.#where();
    if (!isDnsLabel(name) || name === 'dashboard' || this.dashboards.some((each) => each.name === name)) {
      const fix = 'choose another name, of lower-case letters, digits and "-"';
      this.findings.push(
        appFinding(
          'chart/dashboard',
          where,
          `the name ${JSON.stringify(name)} of a dashboard is taken, or not a DNS label`,
          fix,
        ),
      );
      return;
    }
    this.dashboards.push({ name, source });
  }

  /** Whether the service runs in an environment. @internal */
  runsIn(environment: string): boolean {
    const wanted = this.base?.environments;
    const stage = this.#platform.config?.environments[environment]?.stage;
    return wanted === undefined || wanted.includes(environment) || (stage !== undefined && wanted.includes(stage));
  }

  /** Overrides of environments and stages that the platform has, and in none of which the service runs. @internal */
  unusedOverrides(): Finding[] {
    const { config, environments, stages } = this.#platform;
    if (!config) return [];
    const used = new Set(
      Object.entries(config.environments).flatMap(([name, { stage }]) => (this.runsIn(name) ? [name, stage] : [])),
    );
    const known: ReadonlySet<string> = new Set([...environments, ...stages]);
    return Object.keys(this.#overrides)
      .filter((name) => known.has(name) && !used.has(name))
      .map((name) => {
        const path = ['overrides', name];
        const where: Where = { ...this.#where(), ...this.#source.locate?.(path), field: fieldPath(undefined, path) };
        return serviceFinding(
          'service/unused-override',
          where,
          `the service does not run in ${name}, so that nothing uses the override`,
          `remove it, or add ${JSON.stringify(name)} to environments`,
        );
      });
  }

  /** The service with an environment's overrides; findings name the environment. @internal */
  inEnvironment(
    environment: string,
    stage: string,
  ): { value: ServiceInEnvironment | undefined; findings: readonly Finding[] } {
    if (!this.base) return { value: undefined, findings: [] };
    const names = this.#overridesOf(environment, stage);
    const overrides = names.map((name) => this.#overrides[name]);
    if (overrides.length === 0) return { value: { spec: this.base, written: this.#raw, overrides }, findings: [] };
    const { merged, value, findings } = this.#merged(names, { environment, ...this.#where() });
    return { value: value && { spec: value, written: merged, overrides }, findings };
  }

  /**
   * What can be said of the service without its platform: the service, and each override by itself. For a platform with
   * mistakes, of which nobody knows which environments are in which stage. @internal
   */
  withoutPlatform(): { specs: readonly ServiceSpec[]; findings: readonly Finding[] } {
    if (!this.base) return { specs: [], findings: [] };
    const merged = Object.keys(this.#overrides).map((name) => this.#merged([name], this.#where()));
    return {
      specs: [this.base, ...merged.flatMap(({ value }) => value ?? [])],
      findings: merged.flatMap(({ findings }) => findings),
    };
  }

  /**
   * A finding about a field as an environment sees it, with the place where that is written: file and line where this is
   * YAML, and the override that it is from. One that has a file already, or names no field of ours, is as it was. @internal
   */
  located(finding: Finding, environment: string, stage: string): Finding {
    const { file, field } = finding.where;
    const path = field === undefined ? undefined : pathOfField(field);
    const [first] = path ?? [];
    if (file !== undefined || path === undefined || first === undefined) return finding;
    const names = this.#overridesOf(environment, stage);
    const whole = valueAt(this.#withOverrides(names), path);
    // Maps merge, so that one of which an override has a part is still the service's own; all else replaces.
    const from = names.filter((name) => {
      const value = valueAt(this.#overrides[name], path);
      return value === null || value === whole || valueAt(this.#raw, path) === undefined;
    });
    const { field: override, ...at } = this.#locate(path, from);
    // Of what is not written at all only the file is known.
    const place = override === undefined && !Object.hasOwn(this.#raw, first) && at.file ? { file: at.file } : at;
    return { ...finding, where: { ...finding.where, ...place, field: fieldPath(override, path) } };
  }

  /** Names of the overrides that an environment has, weakest first. */
  #overridesOf(environment: string, stage: string): string[] {
    return [...new Set([stage, environment])].filter((name) => Object.hasOwn(this.#overrides, name));
  }

  /** The service with some of its overrides. */
  #merged(names: readonly string[], where: Where): Parsed<ServiceSpec> & { readonly merged: unknown } {
    const merged = this.#withOverrides(names);
    return { merged, ...parseWith(aiService, merged, where, (path) => this.#locate(path, names)) };
  }

  #withOverrides(names: readonly string[]): unknown {
    return names.reduce<unknown>((spec, name) => mergeOverride(aiService, spec, this.#overrides[name]), this.#raw);
  }

  #where(): Where {
    return { service: this.name, file: this.#source.file };
  }

  /** Where a value of the merged service was written: in the strongest override that has it, else in the service itself. */
  #locate(path: readonly PropertyKey[], overrides: readonly string[]): Where {
    const name = overrides.findLast((each) => valueAt(this.#overrides[each], path) !== undefined);
    if (name === undefined) return this.#source.locate?.(path) ?? {};
    return { ...this.#source.locate?.(['overrides', name, ...path]), field: fieldPath(undefined, ['overrides', name]) };
  }

  #nameFindings(where: Where): Finding[] {
    if (!isDns1035(this.name)) {
      const fix =
        'use at most 63 lower-case letters, digits and "-", starting with a letter and ending with a letter or digit';
      return [
        serviceFinding('service/name', where, `${JSON.stringify(this.name)} cannot be the name of a Service`, fix),
      ];
    }
    if (this.node.id === this.name) return [];
    const message = `there are two services named ${this.name}`;
    return [serviceFinding('service/duplicate', where, message, 'rename one of them; a name is one address for life')];
  }

  /** A name that is neither an environment nor a stage of the platform. */
  #unknownName(name: string, path: readonly PropertyKey[]): Finding[] {
    const { environments, stages } = this.#platform;
    const known = [...new Set([...environments, ...stages])];
    // A platform with mistakes has no names at all.
    if (known.length === 0 || known.includes(name)) return [];
    const near = didYouMean(name, known);
    const where: Where = { ...this.#where(), ...this.#source.locate?.(path), field: fieldPath(undefined, path) };
    const fix = near ? `did you mean ${JSON.stringify(near)}?` : `use one of ${known.join(', ')}`;
    return [
      serviceFinding(
        'service/unknown-environment',
        where,
        `there is no environment or stage ${JSON.stringify(name)}`,
        fix,
      ),
    ];
  }
}

/** Namespace of a team in an environment. @internal */
export function namespaceOf(namespace: string | ((scope: { team: string }) => string), team: string): string {
  return typeof namespace === 'string' ? namespace : namespace({ team });
}

/** A platform file that exports another name gives its importers nothing, and no message would lead there. */
function present<P extends Platform<string, string, string, string>>(platform: P | undefined): P {
  if (platform === undefined)
    throw new Error('the platform is undefined: import it under the name that platform.ts exports');
  return platform;
}

/** What is wrong with a selector that types did not see. */
function selectorProblem(selector: unknown): string | undefined {
  if (!isMap(selector) || typeof selector['kind'] !== 'string') return 'a patch names no kind of objects';
  const unknown = Object.keys(selector).filter((key) => !SELECTOR_FIELDS.includes(key));
  return unknown.length === 0 ? undefined : `a patch selects by ${unknown.join(' and ')}, and there is no such field`;
}

const SELECTOR_FIELDS: readonly string[] = ['kind', 'name', 'environment'] satisfies readonly (keyof PatchSelector)[];

/** constructs throws on a second child of one name and on none; we want to say it among all other findings. */
function freeId(platform: Platform<string, string, string, string>, name: string): string {
  let id = typeof name === 'string' && name !== '' ? name.replaceAll('/', '--') : '+';
  while (platform.node.tryFindChild(id)) id += '+';
  return id;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
