import { resolve } from 'node:path';
import { createChecker, type Checker } from '../check/checker.ts';
import { checkGraphs } from '../check/monitoring.ts';
import { createClusterChecks, type ClusterChecks } from '../check/objects.ts';
import { checkRuleSyntax } from '../check/promql.ts';
import { checkSecretText } from '../check/secrets.ts';
import { diskFiles } from '../core/files.ts';
import { FindingsError, sortFindings, type Finding, type Where } from '../core/finding.ts';
import { isDnsLabel } from '../core/names.ts';
import { groupOf, objectLabel, type KubeObject } from '../core/object.ts';
import { emitYaml } from '../core/yaml.ts';
import { resolveServing } from '../release/resolve.ts';
import { IN_PLACE, type Serving } from '../release/serving.ts';
import { openStore, type ListedStore } from '../release/store.ts';
import { argocdApp, renderApplicationSet, renderAppProject, renderRootApplication } from '../render/argocd.ts';
import { renderShared } from '../render/kubernetes.ts';
import { renderRunbook, RUNBOOK_FILE } from '../render/runbook.ts';
import type { Target } from '../render/target.ts';
import { fieldPath } from '../service/parse.ts';
import type { Environment, PlatformConfig } from '../service/platform.ts';
import { policyOf } from '../service/release-policy.ts';
import { findUnwritable } from '../service/unwritable.ts';
import { descriptorPath, manifestsFolder, nameManifests, unitFolder, type Unit } from '../tree/layout.ts';
import { namespaceOf, type AIService, type ServiceInEnvironment } from './ai-service.ts';
import { renderDashboards } from './dashboard.ts';
import { deletionGuard } from './deletion-guard.ts';
import { CLUSTER_FILE, INTENT_FILE, intentData, placeData } from './intent.ts';
import { applyPatches } from './patch.ts';
import type { Platform } from './platform.ts';
import { promotedFrom } from './promoted-from.ts';
import type { ServiceChart } from './service-chart.ts';
import { readReferences, type References } from './references.ts';
import { checkIntent, renderTarget } from './render-target.ts';
import { appFinding } from './rules.ts';
import { strayStates } from './stray-states.ts';

/** A rendered tree, and what is wrong with it; what `platform.render()` gives. */
export interface Synthesis {
  /** Content by path, relative to the GitOps tree. Complete only when no finding is an error. */
  readonly files: ReadonlyMap<string, string>;
  /** All findings of the run, sorted. */
  readonly findings: readonly Finding[];
  /** What `--allow-delete` must name before a file that is no longer produced may go; `undefined` when it may go freely. */
  readonly guard: (path: string) => string | undefined;
  /** Counted work, for the test that guards against super-linear growth. */
  readonly counts: { readonly targets: number; readonly objects: number };
}

/** Told after each service: how many are done, of how many. */
export type Progress = (done: number, total: number) => void;

/**
 * Renders and checks everything, service by service, and keeps only the text of the files.
 *
 * @param store what is released. Default: what the release store of the project says.
 */
export function synthesize(platform: Platform, progress?: Progress, store?: ListedStore): Synthesis {
  const { config, services } = platform;
  const findings = [...platform.findings, ...services.flatMap((service) => service.findings)];
  if (!config) return { files: new Map(), findings: sortFindings(findings), guard: () => undefined, counts: { targets: 0, objects: 0 } };
  const run = new Run(platform, config, findings, store);
  services.forEach((service, index) => {
    run.addService(service);
    progress?.(index + 1, services.length);
  });
  run.addTeams();
  run.lookForStrayStates();
  return run.result();
}

/**
 * What we render for one service in one environment on one cluster, patches included, before the checks of objects.
 *
 * @throws FindingsError when the service cannot be rendered there.
 */
export function renderUnit(platform: Platform, service: AIService, environment: string, cluster: string): readonly KubeObject[] {
  const findings = [...platform.findings, ...service.findings];
  const run = platform.config && new Run(platform, platform.config, findings);
  const objects = run?.objectsOf(service, environment, cluster);
  if (!objects || findings.some(isError)) throw new FindingsError(findings);
  return objects;
}

/** A target, and what it is made of. */
interface TargetOfService {
  readonly target: Target;
  readonly references: References;
  readonly value: ServiceInEnvironment;
}

/** What is known of a team, collected while its services are rendered. */
interface Team {
  /** Kinds that are emitted for the team, as `<group>/<Kind>`. */
  readonly kinds: Set<string>;
  /** Units by environment, then cluster: the namespace there. */
  readonly places: Map<string, Map<string, string>>;
}

/** Where KServe or Knative splits the traffic, the manifest of what it splits. */
const ONE_FOR_ALL = { kserve: 'inferenceservice.', revisions: 'service.serving.' } as const;

class Run {
  readonly #platform: Platform;
  readonly #config: PlatformConfig;
  readonly #findings: Finding[];
  readonly #checker: Checker;
  readonly #store: ListedStore;
  readonly #files = new Map<string, string>();
  readonly #units = new Set<string>();
  /** Which workloads of a service are one for all releases, by `<environment>/<service>`: start of their manifests' names. */
  readonly #oneForAll = new Map<string, string>();
  readonly #teams = new Map<string, Team>();
  readonly #clusterChecks = new Map<string, ClusterChecks>();
  readonly #argocdChecks = createClusterChecks();
  readonly #services: ReadonlyMap<string, AIService>;
  readonly #namespaces = new Map<string, string | undefined>();
  #targets = 0;
  #objects = 0;

  constructor(platform: Platform, config: PlatformConfig, findings: Finding[], store = openStore(diskFiles(platform.root), config.releases)) {
    this.#platform = platform;
    this.#config = config;
    this.#findings = findings;
    this.#checker = createChecker(config.imports.map((folder) => resolve(platform.root, folder)), config.allowUnknownKinds);
    this.#store = store;
    // Of two with one name the first is looked at.
    this.#services = new Map([...platform.services].reverse().map((service) => [service.name, service]));
  }

  addService(service: AIService): void {
    for (const unit of this.#targetsOf(service)) this.#addTarget(service, unit);
  }

  /** What one target becomes without what users added; `undefined` where it cannot be rendered. */
  objectsOf(service: AIService, environment: string, cluster: string): readonly KubeObject[] | undefined {
    const found = this.#targetsOf(service).find(({ target }) => target.environment === environment && target.clusterName === cluster);
    return found && this.#render(service, found.target, found.references);
  }

  #targetsOf(service: AIService): TargetOfService[] {
    const { base } = service;
    if (!base) return [];
    const places = Object.entries(this.#config.environments).flatMap(([environment, env]) => {
      if (!service.runsIn(environment)) return [];
      const { value, findings } = service.inEnvironment(environment, env.stage);
      this.#findings.push(...findings);
      return value ? [{ environment, env, value }] : [];
    });
    const where: Where = { service: service.name };
    const { references, findings } = readReferences(this.#platform.root, service.folder, places.map(({ value }) => value.spec), where);
    this.#findings.push(...findings);
    return places.flatMap(({ environment, env, value }) => {
      const serving = this.#resolve(service, environment, env, value);
      const namespace = this.#namespace(environment, env, base.owner.team);
      if (!serving || namespace === undefined) return [];
      return [...new Set(env.clusters)].flatMap((clusterName) => {
        const cluster = this.#config.clusters[clusterName];
        if (!cluster) return [];
        const serviceUrl = (name: string): string | undefined => this.#serviceUrl(name, environment, env);
        const target = { service: service.name, spec: value.spec, serving, environment, env, clusterName, cluster, namespace, serviceUrl };
        return [{ target, references, value }];
      });
    });
  }

  /** Namespace of a team in an environment, asked for once; `undefined` when the platform gives none that can be. */
  #namespace(environment: string, env: Environment, team: string): string | undefined {
    const key = `${environment}/${team}`;
    if (!this.#namespaces.has(key)) {
      const namespace = namespaceOf(env.namespace, team);
      const valid = typeof namespace === 'string' && isDnsLabel(namespace);
      this.#namespaces.set(key, valid ? namespace : undefined);
      if (!valid) {
        const at: Where = { file: `${this.#platform.apps}/platform.ts`, field: `environments.${environment}.namespace` };
        const message = `team ${team} would get the namespace ${JSON.stringify(namespace) ?? 'undefined'}, which is not a DNS label`;
        this.#findings.push(appFinding('platform/namespace', at, message, 'give at most 63 lower-case letters, digits and "-", with a letter or digit at both ends'));
      }
    }
    return this.#namespaces.get(key);
  }

  #resolve(service: AIService, environment: string, env: Environment, { spec, overrides }: ServiceInEnvironment): Serving | undefined {
    const policy = policyOf(spec, env.rollout);
    const { serving, findings } = resolveServing({
      service: service.name,
      environment,
      base: service.base ?? spec,
      merged: spec,
      overrides,
      rollout: env.rollout,
      strategy: policy.strategy,
      mechanism: policy.mechanism,
      policy,
      store: this.#store,
      promotedFrom: promotedFrom(this.#config, service, environment),
    });
    this.#findings.push(...findings);
    return serving;
  }

  #addTarget(service: AIService, { target, references, value }: TargetOfService): void {
    const { environment, clusterName, namespace, spec } = target;
    this.#targets += 1;
    const objects = this.#render(service, target, references);
    if (!objects) return;
    const where: Where = { service: service.name, environment, cluster: clusterName };
    const added = this.#addedTo(service.existingChart(environment, clusterName), where);
    this.#findings.push(...checkGraphs(target, added), ...checkRuleSyntax(target, added));
    const { team } = spec.owner;
    const { stable, native } = target.serving;
    const oneForAll = stable.workload.release === IN_PLACE ? '' : native && ONE_FOR_ALL[native];
    if (oneForAll !== undefined) this.#oneForAll.set(`${environment}/${service.name}`, oneForAll);
    const unit = { environment, cluster: clusterName, team, service: service.name };
    const dashboards = renderDashboards(target, service.dashboards, where);
    this.#findings.push(...dashboards.findings);
    this.#addUnit(unit, [...objects, ...added, ...dashboards.objects], where, namespace);
    this.#files.set(descriptorPath(unit), json(argocdApp(target)));
    const runbook = renderRunbook(target, objects);
    if (runbook !== undefined) this.#files.set(`${unitFolder(unit)}/${RUNBOOK_FILE}`, runbook);
    const names = [environment, target.env.stage];
    const annotations = target.cluster.serviceAccountAnnotations?.({ team, service: service.name, namespace }) ?? {};
    const intent = intentData(value, { references, patches: service.patches, names, annotations });
    // What no release carries yet is in no object, and thus was not looked at.
    this.#findings.push(...checkSecretText(intent, where));
    this.#files.set(`${unitFolder(unit)}/${INTENT_FILE}`, emitYaml(intent));
    const { places } = this.#team(team);
    const namespaces = places.get(environment);
    if (namespaces) namespaces.set(clusterName, namespace);
    else places.set(environment, new Map([[clusterName, namespace]]));
  }

  /** Renders and patches one target; `undefined` when the cluster cannot do what the service asks. */
  #render(service: AIService, target: Target, references: References): readonly KubeObject[] | undefined {
    const { environment, env, clusterName: cluster } = target;
    const intent = checkIntent(target, references);
    this.#findings.push(...intent);
    if (intent.some(isError)) return undefined;
    const where: Where = { service: service.name, environment, cluster };
    const patched = applyPatches(renderTarget(target, references), service.patches, { environment, stage: env.stage, where });
    this.#findings.push(...patched.findings, ...checkRuleSyntax(target, patched.changed));
    return patched.objects;
  }

  /** What users added to a chart. Constructs find some mistakes themselves, and throw when they are rendered. */
  #addedTo(chart: ServiceChart | undefined, where: Where): readonly KubeObject[] {
    const add = (message: string): void => void this.#findings.push(appFinding('chart/construct', where, message, 'correct the construct'));
    try {
      chart?.problems().forEach(add);
      return chart?.added() ?? [];
    } catch (error) {
      add(error instanceof Error ? error.message : String(error));
      return [];
    }
  }

  /** Checks and emits the objects of one Application. */
  #addUnit(unit: Unit, objects: readonly KubeObject[], where: Where, namespace: string | undefined): void {
    const folder = unitFolder(unit);
    this.#units.add(folder);
    const cluster = this.#config.clusters[unit.cluster];
    const across = this.#clusterChecksOf(unit.cluster);
    const scope = { unit: folder, namespace };
    const { kinds } = this.#team(unit.team);
    const add = (finding: Finding): void => void this.#findings.push({ ...finding, where: { ...where, ...finding.where } });
    const sound = objects.filter((object) => {
      const own = this.#checker.check(object, cluster);
      own.forEach(add);
      // The rules read typed fields; what has the wrong shape has been said already.
      if (own.some(saysWrongShape)) return false;
      const shared = across.check(object, scope);
      shared.forEach(add);
      return !own.some(isError) && !shared.some(isError);
    });
    const { files, findings } = nameManifests(manifestsFolder(unit), sound);
    findings.forEach(add);
    for (const [path, object] of files) {
      kinds.add(`${groupOf(object.apiVersion)}/${object.kind}`);
      this.#addFile(path, object, where);
    }
  }

  #addFile(path: string, object: KubeObject, where: Where): void {
    this.#objects += 1;
    try {
      this.#files.set(path, emitYaml(object));
    } catch (error) {
      // Escape hatches take any value, and most are fine: looking at each text beforehand would cost more than the rest.
      if (!(error instanceof TypeError)) throw error;
      const at: Where = { ...where, object: objectLabel(object) };
      const flaws = findUnwritable(object).map(({ path: field, message, fix }) => appFinding('chart/unwritable', { ...at, field: fieldPath(undefined, field) }, message, fix));
      this.#findings.push(...(flaws.length > 0 ? flaws : [appFinding('chart/unwritable', at, error.message, 'write plain data, with keys of moderate length')]));
    }
  }

  /** Everything that a team's services share, and Argo CD's own objects. */
  addTeams(): void {
    for (const [team, { kinds, places }] of [...this.#teams].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (team === this.#config.argocd.rootProject) {
        const at: Where = { file: `${this.#platform.apps}/platform.ts`, field: 'argocd.rootProject' };
        const message = `team ${team} would get the AppProject that the root Application is in, with the rights of the team only`;
        this.#findings.push(appFinding('platform/root-project', at, message, 'name another AppProject for the root Application, or rename the team'));
      }
      for (const [environment, clusters] of places) {
        const env = this.#config.environments[environment];
        if (!env) continue;
        for (const [clusterName, namespace] of clusters) {
          const clusterFile = `envs/${environment}/${clusterName}/${CLUSTER_FILE}`;
          if (!this.#files.has(clusterFile)) {
            const place = placeData(environment, clusterName, this.#config);
            this.#findings.push(...checkSecretText(place, { file: `${this.#platform.apps}/platform.ts`, environment, cluster: clusterName }));
            this.#files.set(clusterFile, emitYaml(place));
          }
          const cluster = this.#config.clusters[clusterName];
          if (!cluster || !env.createNamespaces) continue;
          const shared = { team, environment, env, clusterName, cluster, namespace };
          const unit = { environment, cluster: clusterName, team, service: '_shared' };
          this.#addUnit(unit, renderShared(shared), { environment, cluster: clusterName }, undefined);
          this.#files.set(descriptorPath(unit), json(argocdApp(shared)));
        }
        this.#addArgocd(renderApplicationSet({ platform: this.#config, team, environment, env }), `applicationset.${team}-${environment}`);
      }
      this.#addArgocd(renderAppProject({ platform: this.#config, team, kinds, places }), `appproject.${team}`);
    }
    this.#addArgocd(renderRootApplication(this.#config), 'root');
  }

  #addArgocd(object: KubeObject, name: string): void {
    this.#findings.push(...this.#checker.check(object, undefined), ...this.#argocdChecks.check(object, { unit: 'argocd', namespace: undefined }));
    this.#addFile(`argocd/${name}.yaml`, object, {});
  }

  lookForStrayStates(): void {
    this.#findings.push(...strayStates(this.#store, this.#platform));
  }

  result(): Synthesis {
    return {
      files: this.#files,
      findings: sortFindings(this.#findings),
      guard: deletionGuard({
        remains: (unit) => this.#units.has(unit),
        released: (environment, team, service, manifest) => {
          const oneForAll = this.#oneForAll.get(`${environment}/${service}`);
          const byRelease = oneForAll === undefined || !manifest.startsWith(oneForAll);
          return byRelease && this.#store.state(environment, team, service) !== undefined;
        },
      }),
      counts: { targets: this.#targets, objects: this.#objects },
    };
  }

  #serviceUrl(name: string, environment: string, env: Environment): string | undefined {
    const other = this.#services.get(name);
    if (!other?.runsIn(environment)) return undefined;
    // The mistakes of another service are said there, and nothing is written then.
    const namespace = other.base ? this.#namespace(environment, env, other.base.owner.team) : undefined;
    return `http://${name}.${namespace ?? 'unknown'}.svc.cluster.local`;
  }

  #team(name: string): Team {
    let team = this.#teams.get(name);
    if (!team) this.#teams.set(name, (team = { kinds: new Set(), places: new Map() }));
    return team;
  }

  #clusterChecksOf(cluster: string): ClusterChecks {
    let checks = this.#clusterChecks.get(cluster);
    if (!checks) this.#clusterChecks.set(cluster, (checks = createClusterChecks()));
    return checks;
  }
}

function isError({ severity }: Finding): boolean {
  return severity === 'error';
}

function saysWrongShape(finding: Finding): boolean {
  return isError(finding) && finding.id.startsWith('schema/') && finding.id !== 'schema/metadata';
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
