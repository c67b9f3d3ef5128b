import { Construct } from 'constructs';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean, isDns1035 } from '../core/names.ts';
import type { Override } from '../service/overrides.ts';
import { mergeOverride } from '../service/overrides.ts';
import { parseWith, type Locate } from '../service/parse.ts';
import { aiService, overridesSchema, type ServiceSpec } from '../service/service.ts';
import type { RegistryModelOf } from '../service/model-ref.ts';
import type { AIServiceSpec, ModelServer, ModelUri } from '../service/spec.ts';
import type { PatchOperation, PatchSelector, ServicePatch } from './patch.ts';
import type { Platform } from './platform.ts';
import { ServiceChart } from './service-chart.ts';

type ModelServerProps<R extends string> = Omit<ModelServer, 'model'> & {
  /** The model. Required, except for `custom` images that carry their model. */
  model?: ModelUri | RegistryModelOf<R>;
};

/** What an environment or stage may change: all but the owner and where the service runs. */
export type AIServiceOverride = Override<Omit<AIServiceSpec, 'owner' | 'environments'>>;

/** One AI service; names of environments, stages and registries are the platform's own. */
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

/** How a service came to be: the file that describes it, for findings. @internal */
export interface ServiceSource {
  readonly file: string;
  readonly locate?: Locate;
}

/** The service as one environment sees it. @internal */
export interface ServiceInEnvironment {
  readonly spec: ServiceSpec;
  /** The overrides as written, weakest first. */
  readonly overrides: readonly unknown[];
}

const BRAND = Symbol.for('cdk8s-ai-service.AIService');

/**
 * One deployable AI service: owner, models, optional function, release policy, monitoring, overrides.
 * Mistakes are collected, and reported by the platform's `synth()`; the constructor never throws.
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
export class AIService<E extends string = string, S extends string = string, R extends string = string> extends Construct {
  /** The service's name: its host name, and the start of every object name. */
  readonly name: string;
  /** The service without overrides; missing when it has mistakes. @internal */
  readonly base: ServiceSpec | undefined;
  /** @internal */
  readonly findings: Finding[] = [];
  /** @internal */
  readonly patches: ServicePatch[] = [];
  readonly #platform: Platform;
  readonly #source: ServiceSource;
  readonly #raw: Record<string, unknown>;
  readonly #overrides: Readonly<Record<string, unknown>>;
  readonly #charts = new Map<string, ServiceChart>();

  constructor(
    platform: Platform<string, E, S, R>,
    name: string,
    props: AIServiceProps<NoInfer<E>, NoInfer<S>, NoInfer<R>>,
    /** @internal */ source: ServiceSource = { file: `${platform.apps}/${name}/service.ts` },
  ) {
    super(platform, freeId(platform, name));
    Object.defineProperty(this, BRAND, { value: true });
    this.name = name;
    this.#platform = platform as unknown as Platform;
    this.#source = source;
    const { overrides, ...raw } = (typeof props === 'object' && props !== null ? props : {}) as Record<string, unknown>;
    this.#raw = raw;
    this.#overrides = (overrides ?? {}) as Record<string, unknown>;
    const where: Where = { service: name, file: source.file };
    this.findings.push(...this.#nameFindings(where));
    if (overrides !== undefined) {
      const { value, findings } = parseWith(overridesSchema, { overrides }, where, source.locate);
      this.findings.push(...findings);
      // Environments are not looked at then: they would say the same again, each.
      if (!value) return;
      this.findings.push(...this.#unknownNames(where, 'overrides', Object.keys(this.#overrides)));
    }
    const base = parseWith(aiService, raw, where, source.locate);
    this.findings.push(...base.findings);
    const { environments } = base.value ?? {};
    if (environments) this.findings.push(...this.#unknownNames(where, 'environments', environments));
    this.base = base.value;
  }

  /** Whether a value is a service, also one that another copy of this package made. */
  static isAIService(value: unknown): value is AIService {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** Folder of the service, which paths in it are relative to. @internal */
  get folder(): string {
    return `${this.#platform.apps}/${this.name}`;
  }

  /**
   * The chart of the service in one environment and cluster: anything added to it (`ApiObject`, cdk8s-plus constructs)
   * joins the objects that we render, and is checked like them. Names get the service's name in front, no hash.
   *
   * @throws Error when the platform has no such environment, or the environment no such cluster.
   * @example
   * for (const chart of service.charts('prod-eu')) new kplus.ConfigMap(chart, 'labels', { data: { … } });
   */
  chart(environment: E, cluster: string): ServiceChart {
    const key = `${environment}/${cluster}`;
    let chart = this.#charts.get(key);
    if (!chart) {
      const env = this.#platform.config?.environments[environment];
      if (!env?.clusters.includes(cluster)) throw new Error(`environment ${environment} has no cluster ${cluster}`);
      chart = new ServiceChart(this, environment, cluster, namespaceOf(env.namespace, this.base?.owner.team ?? ''));
      this.#charts.set(key, chart);
    }
    return chart;
  }

  /** The charts of the service in one environment (default: in all that it runs in), one per cluster. */
  charts(environment?: E): readonly ServiceChart[] {
    const { config } = this.#platform;
    if (!config) return [];
    return Object.entries(config.environments).flatMap(([name, env]) =>
      (environment === undefined || environment === name) && this.runsIn(name) ? env.clusters.map((cluster) => this.chart(name as E, cluster)) : [],
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
    this.patches.push({ selector, operations });
  }

  /** Whether the service runs in an environment. @internal */
  runsIn(environment: string): boolean {
    const wanted = this.base?.environments;
    const stage = this.#platform.config?.environments[environment]?.stage;
    return wanted === undefined || wanted.includes(environment) || (stage !== undefined && wanted.includes(stage));
  }

  /** The service with an environment's overrides; findings name the environment. @internal */
  inEnvironment(environment: string, stage: string): { value: ServiceInEnvironment | undefined; findings: readonly Finding[] } {
    const overrides = [...new Set([stage, environment])].flatMap((name) => (this.#overrides[name] === undefined ? [] : [this.#overrides[name]]));
    if (!this.base) return { value: undefined, findings: [] };
    if (overrides.length === 0) return { value: { spec: this.base, overrides }, findings: [] };
    const merged = overrides.reduce((spec, override) => mergeOverride(aiService, spec, override), this.#raw as unknown);
    const where: Where = { service: this.name, environment, file: this.#source.file };
    const { value, findings } = parseWith(aiService, merged, where);
    return { value: value && { spec: value, overrides }, findings };
  }

  #nameFindings(where: Where): Finding[] {
    if (this.node.id !== this.name) {
      return [
        {
          id: 'service/duplicate',
          severity: 'error',
          where,
          message: `there are two services named ${this.name}`,
          fix: 'rename one of them; a name is one address for life',
        },
      ];
    }
    if (isDns1035(this.name)) return [];
    return [
      {
        id: 'service/name',
        severity: 'error',
        where,
        message: `${JSON.stringify(this.name)} cannot be the name of a Service`,
        fix: 'use lower-case letters, digits and "-", starting with a letter and ending with a letter or digit',
      },
    ];
  }

  #unknownNames(where: Where, field: 'overrides' | 'environments', names: readonly string[]): Finding[] {
    const { environments, stages } = this.#platform;
    const known = [...new Set([...environments, ...stages])];
    if (known.length === 0) return [];
    return names.flatMap((name, index): Finding[] => {
      if (known.includes(name)) return [];
      const [path, key] = field === 'overrides' ? [`overrides.${name}`, name] : [`environments[${index}]`, index];
      const near = didYouMean(name, known);
      return [
        {
          id: 'service/unknown-environment',
          severity: 'error',
          where: { ...where, ...this.#source.locate?.([field, key]), field: path },
          message: `there is no environment or stage ${JSON.stringify(name)}`,
          fix: near ? `did you mean ${JSON.stringify(near)}?` : `use one of ${known.join(', ')}`,
        },
      ];
    });
  }
}

/** Namespace of a team in an environment. @internal */
export function namespaceOf(namespace: string | ((scope: { team: string }) => string), team: string): string {
  return typeof namespace === 'string' ? namespace : namespace({ team });
}

/** constructs throws on a second child of one name; we want to say it among all other findings. */
function freeId(platform: Platform<string, string, string, string>, name: string): string {
  let id = name.replaceAll('/', '--');
  while (platform.node.tryFindChild(id)) id += '+';
  return id;
}
