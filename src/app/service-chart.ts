import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { KubeObject } from '../core/object.ts';

/** What a chart needs of the service that it belongs to. */
export interface ChartOwner extends Construct {
  readonly name: string;
}

/**
 * The chart of one service in one environment on one cluster, for what users add to it: `ApiObject`, cdk8s-plus
 * constructs. It is made by `service.chart()` and `service.charts()`. What is added is in the service's namespace, joins
 * what we render, and is checked like it.
 *
 * @example
 * for (const chart of service.charts()) {
 *   new ApiObject(chart, 'labels', { apiVersion: 'v1', kind: 'ConfigMap', data: { labels: 'cat,dog' } });
 * }
 */
export class ServiceChart extends Chart {
  /** Name of the environment. */
  readonly environment: string;
  /** Name of the cluster. */
  readonly cluster: string;
  readonly #service: string;
  readonly #rendered: () => readonly KubeObject[];

  /** @param rendered what we render beside what is added here. */
  constructor(
    service: ChartOwner,
    environment: string,
    cluster: string,
    namespace: string,
    rendered: () => readonly KubeObject[],
  ) {
    super(service, `${environment}.${cluster}`, {
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'cdk8s-ai-service' },
    });
    this.environment = environment;
    this.cluster = cluster;
    this.#service = service.name;
    this.#rendered = rendered;
  }

  /** `<service>-<ids below the chart>`: readable, and stable when constructs move between environments. */
  override generateObjectName(apiObject: ApiObject): string {
    const below = apiObject.node.scopes.slice(this.node.scopes.length).map((scope) => scope.node.id);
    const ids = below.filter((id) => id !== 'Resource' && id !== 'Default');
    return [this.#service, ...ids].join('-').toLowerCase();
  }

  /** What the constructs that users added say is wrong with themselves. */
  problems(): string[] {
    return this.node
      .findAll()
      .flatMap((child) => child.node.validate().map((message) => `${child.node.path}: ${message}`));
  }

  /**
   * The objects that users added, in the order in which they were added. The order of objects means nothing in a
   * GitOps tree, so cdk8s's dependency graph, which is exponential on diamonds, is not asked.
   *
   * @internal
   */
  added(): KubeObject[] {
    return this.node
      .findAll()
      .filter((child): child is ApiObject => ApiObject.isApiObject(child))
      .map((object) => object.toJson() as KubeObject);
  }

  /**
   * All objects of the service in this environment and cluster: what we render and what was added, before the checks.
   * For unit tests, also through cdk8s's `Testing.synth(chart)`.
   *
   * @throws FindingsError when the service cannot be rendered.
   * @example expect(service.chart('prod-eu', 'eu-1').toJson()).toContainEqual(expect.objectContaining({ kind: 'VirtualService' }))
   */
  override toJson(): KubeObject[] {
    return [...this.#rendered(), ...this.added()];
  }
}
