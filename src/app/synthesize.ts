import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createChecker, type Checker } from '../check/checker.ts';
import { checkGraphs } from '../check/monitoring.ts';
import { createClusterChecks, type ClusterChecks } from '../check/objects.ts';
import { checkRuleSyntax } from '../check/promql.ts';
import { checkSecretText } from '../check/secrets.ts';
import { leavesStopped } from '../check/strategy.ts';
import { checkVersions } from '../check/versions.ts';
import { diskFiles } from '../core/files.ts';
import { compareText, FindingsError, sortFindings, type Finding, type Where } from '../core/finding.ts';
import { clusterHost, isDnsLabel, NAME_FORMS } from '../core/names.ts';
import { groupOf, objectLabel, type KubeObject } from '../core/object.ts';
import { emitYaml } from '../core/yaml.ts';
import { FOLLOWS_SOURCES } from '../release/record.ts';
import { resolveServing } from '../release/resolve.ts';
import { IN_PLACE, type Serving } from '../release/serving.ts';
import { DEFAULT_STORE, openStore, stateFile, type ListedStore } from '../release/store.ts';
import { argocdApp, renderApplicationSet, renderAppProject, renderRootApplication } from '../render/argocd.ts';
import { renderShared } from '../render/kubernetes.ts';
import { renderRunbook, RUNBOOK_FILE } from '../render/runbook.ts';
import type { Target } from '../render/target.ts';
import { fieldPath, pathOfField } from '../service/parse.ts';
import type { Cluster, Environment, PlatformConfig, ServiceScope } from '../service/platform.ts';
import { policyOf } from '../service/release-policy.ts';
import { findUnwritable } from '../service/unwritable.ts';
import { descriptorPath, manifestsFolder, nameManifests, unitFolder, type Unit } from '../tree/layout.ts';
import { namespaceOf, type AIService, type ServiceInEnvironment } from './ai-service.ts';
import { renderDashboards } from './dashboard.ts';
import { deletionGuard, lostState } from './deletion-guard.ts';
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
  /** What to do about such a file, where more is known than that it would go. */
  readonly instead: (path: string) => string | undefined;
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
  const findings = [
    ...platform.findings,
    ...services.flatMap((service) => [...service.findings, ...service.unusedOverrides()]),
  ];
  if (!config)
    return {
      files: new Map(),
      findings: sortFindings([...findings, ...services.flatMap((service) => withoutPlatform(platform, service))]),
      guard: () => undefined,
      instead: () => undefined,
      counts: { targets: 0, objects: 0 },
    };
  findings.push(...checkVersions(config, `${platform.apps}/platform.ts`), ...missingImports(platform, config));
  const run = new Run(platform, config, findings, store);
  services.forEach((service, index) => {
    run.addService(service);
    progress?.(index + 1, services.length);
  });
  run.addTeams();
  run.checkArgocdHealth();
  run.lookForStrayStates();
  return run.result();
}

/**
 * What we render for one service in one environment on one cluster, patches included, before the checks of objects.
 *
 * @throws FindingsError when the service cannot be rendered there.
 */
export function renderUnit(
  platform: Platform,
  service: AIService,
  environment: string,
  cluster: string,
): readonly KubeObject[] {
  const findings = [...platform.findings, ...service.findings];
  const run = platform.config && new Run(platform, platform.config, findings);
  const objects = run?.objectsOf(service, environment, cluster);
  if (!objects || findings.some(isError)) throw new FindingsError(findings, platform.clustersOf);
  return objects;
}

/** What is wrong with a service, whatever its platform is. */
function withoutPlatform({ root }: Platform, service: AIService): readonly Finding[] {
  const { specs, findings } = service.withoutPlatform();
  return [...findings, ...readReferences(root, service.folder, specs, { service: service.name }).findings];
}

/** Folders of imported CRDs that are not there. */
function missingImports({ root, apps }: Platform, { imports }: PlatformConfig): Finding[] {
  return imports.flatMap((folder, index) => {
    // With a slash behind it a file is none.
    if (existsSync(`${resolve(root, folder)}/`)) return [];
    const at: Where = { file: `${apps}/platform.ts`, field: `imports[${index}]` };
    const fix = 'name the folder that ai-service import wrote to, relative to the project';
    return [appFinding('platform/imports', at, `there is no folder ${JSON.stringify(folder)}`, fix)];
  });
}

/** A place that a service goes to, by the names of the platform. */
interface Place {
  readonly environment: string;
  readonly clusterName: string;
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
  /** Who goes to a destination of Argo CD first, by service, destination and namespace. */
  readonly #destinations = new Map<string, Place>();
  /** Pairs of places with one destination of which it was said. */
  readonly #shared = new Set<string>();
  /** Services that leave stopped InferenceServices behind. */
  readonly #stopping = new Set<string>();
  readonly #clusterChecks = new Map<string, ClusterChecks>();
  readonly #argocdChecks = createClusterChecks();
  readonly #services: ReadonlyMap<string, AIService>;
  readonly #namespaces = new Map<string, string | undefined>();
  #targets = 0;
  #objects = 0;

  constructor(
    platform: Platform,
    config: PlatformConfig,
    findings: Finding[],
    store = openStore(diskFiles(platform.root), config.releases),
  ) {
    this.#platform = platform;
    this.#config = config;
    this.#findings = findings;
    this.#checker = createChecker(
      config.imports.map((folder) => resolve(platform.root, folder)),
      config.allowUnknownKinds,
    );
    this.#store = store;
    // Of two with one name the first is looked at.
    this.#services = new Map([...platform.services].reverse().map((service) => [service.name, service]));
  }

  addService(service: AIService): void {
    for (const unit of this.#targetsOf(service)) this.#addTarget(service, unit);
  }

  /** What one target becomes without what users added; `undefined` where it cannot be rendered. */
  objectsOf(service: AIService, environment: string, cluster: string): readonly KubeObject[] | undefined {
    const found = this.#targetsOf(service).find(
      ({ target }) => target.environment === environment && target.clusterName === cluster,
    );
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
    const { references, findings } = readReferences(
      this.#platform.root,
      service.folder,
      places.map(({ value }) => value.spec),
      where,
    );
    this.#findings.push(...findings);
    return places.flatMap(({ environment, env, value }) => {
      const serving = this.#resolve(service, environment, env, value);
      const namespace = this.#namespace(environment, env, base.owner.team);
      if (!serving || namespace === undefined) return [];
      return [...new Set(env.clusters)].flatMap((clusterName) => {
        const cluster = this.#config.clusters[clusterName];
        if (!cluster) return [];
        const serviceUrl = (name: string): string | undefined => this.#serviceUrl(name, environment, env);
        const annotations = this.#annotations(clusterName, cluster, {
          team: base.owner.team,
          service: service.name,
          namespace,
        });
        const target = {
          service: service.name,
          spec: value.spec,
          serving,
          environment,
          env,
          clusterName,
          cluster,
          namespace,
          annotations,
          serviceUrl,
        };
        return [{ target, references, value }];
      });
    });
  }

  /** Namespace of a team in an environment, asked for once; `undefined` when the platform gives none that can be. */
  #namespace(environment: string, env: Environment, team: string): string | undefined {
    const key = `${environment}/${team}`;
    if (!this.#namespaces.has(key)) {
      const given = asked(() => namespaceOf(env.namespace, team));
      const valid = typeof given.value === 'string' && isDnsLabel(given.value);
      this.#namespaces.set(key, valid ? given.value : undefined);
      if (!valid) {
        const at: Where = {
          file: `${this.#platform.apps}/platform.ts`,
          field: `environments.${environment}.namespace`,
        };
        const message =
          given.problem ??
          `team ${team} would get the namespace ${JSON.stringify(given.value) ?? 'undefined'}, which is not a DNS label`;
        this.#findings.push(appFinding('platform/namespace', at, message, `give ${NAME_FORMS.dnsLabel}`));
      }
    }
    return this.#namespaces.get(key);
  }

  /** What the cluster's function gives the ServiceAccount of a service. */
  #annotations(clusterName: string, cluster: Cluster, scope: ServiceScope): Readonly<Record<string, string>> {
    const { serviceAccountAnnotations: annotationsOf } = cluster;
    if (!annotationsOf) return NO_ANNOTATIONS;
    const given = asked(() => annotationsOf(scope));
    if (isTextMap(given.value)) return given.value;
    const at: Where = {
      file: `${this.#platform.apps}/platform.ts`,
      field: `clusters.${clusterName}.serviceAccountAnnotations`,
      service: scope.service,
    };
    const message = given.problem ?? 'it gives something else than texts by name';
    this.#findings.push(
      appFinding(
        'platform/annotations',
        at,
        message,
        "give a map of texts: { 'eks.amazonaws.com/role-arn': 'arn:…' }, or {} for none",
      ),
    );
    return NO_ANNOTATIONS;
  }

  #resolve(
    service: AIService,
    environment: string,
    env: Environment,
    { spec, overrides }: ServiceInEnvironment,
  ): Serving | undefined {
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
      registries: Object.keys(this.#config.registries),
    });
    this.#addLocated(service, environment, env, findings);
    return serving;
  }

  /** Adds findings about what a service asks for in an environment, with the places where that is written. */
  #addLocated(service: AIService, environment: string, env: Environment, findings: readonly Finding[]): void {
    if (findings.length === 0) return;
    const { base } = service;
    const recorded =
      env.rollout === 'release' &&
      base !== undefined &&
      this.#store.state(environment, base.owner.team, service.name) !== undefined;
    for (const finding of findings) {
      // What a release carries is in its record, and the sources may say something else by now.
      const inSources = !recorded || followsSources(finding.where.field);
      this.#findings.push(inSources ? service.located(finding, environment, env.stage) : finding);
    }
  }

  #addTarget(service: AIService, { target, references, value }: TargetOfService): void {
    const { environment, clusterName, namespace, spec } = target;
    this.#targets += 1;
    this.#checkDestination(target);
    if (leavesStopped(target)) this.#stopping.add(service.name);
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
    const intent = intentData(value, { references, patches: service.patches, names, annotations: target.annotations });
    // What no release carries yet is in no object, and thus was not looked at.
    for (const finding of checkSecretText(intent, where)) {
      const field = finding.where.field?.replace(/^(?:spec|overrides\[\d+\])\./, '');
      const asWritten = field === undefined ? finding : { ...finding, where: { ...finding.where, field } };
      this.#findings.push(service.located(asWritten, environment, target.env.stage));
    }
    this.#files.set(`${unitFolder(unit)}/${INTENT_FILE}`, emitYaml(intent));
    const { places } = this.#team(team);
    const namespaces = places.get(environment);
    if (namespaces) namespaces.set(clusterName, namespace);
    else places.set(environment, new Map([[clusterName, namespace]]));
  }

  /** Two clusters of the platform that are one for Argo CD, and one namespace there. Said once for two places, not for each service. */
  #checkDestination({ service, environment, clusterName, cluster, namespace }: Target): void {
    const destination = cluster.destination ?? { name: clusterName };
    const key = JSON.stringify([service, destination, namespace]);
    const first = this.#destinations.get(key);
    if (!first) this.#destinations.set(key, { environment, clusterName });
    // Of one cluster in two environments each object is said to be written twice.
    if (!first || first.clusterName === clusterName) return;
    const [one, other] = [first, { environment, clusterName }].map(
      (place) => `cluster ${place.clusterName} in environment ${place.environment}`,
    );
    const pair = `${one} ${other}`;
    if (this.#shared.has(pair)) return;
    this.#shared.add(pair);
    const named = cluster.destination ? clusterName : first.clusterName;
    const at: Where = { file: `${this.#platform.apps}/platform.ts`, field: `clusters.${named}.destination` };
    const place = Object.values(destination).join('');
    const message = `${one} and ${other} are both ${JSON.stringify(place)} in Argo CD, and have the namespace ${namespace}: two Applications would own the same objects`;
    this.#findings.push(
      appFinding(
        'platform/same-destination',
        at,
        message,
        'give each cluster a destination of its own, or each environment other namespaces',
      ),
    );
  }

  /** Renders and patches one target; `undefined` when the cluster cannot do what the service asks. */
  #render(service: AIService, target: Target, references: References): readonly KubeObject[] | undefined {
    const { environment, env, clusterName: cluster } = target;
    const intent = checkIntent(target, references);
    this.#addLocated(service, environment, env, intent);
    if (intent.some(isError)) return undefined;
    const where: Where = { service: service.name, environment, cluster };
    const patched = applyPatches(renderTarget(target, references), service.patches, {
      environment,
      stage: env.stage,
      where,
    });
    this.#findings.push(...patched.findings, ...checkRuleSyntax(target, patched.changed));
    return patched.objects;
  }

  /** What users added to a chart. Constructs find some mistakes themselves, and throw when they are rendered. */
  #addedTo(chart: ServiceChart | undefined, where: Where): readonly KubeObject[] {
    const add = (message: string): void =>
      void this.#findings.push(appFinding('chart/construct', where, message, 'correct the construct'));
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
    const add = (finding: Finding): void =>
      void this.#findings.push({ ...finding, where: { ...where, ...finding.where } });
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
      const flaws = findUnwritable(object).map(({ path: field, message, fix }) =>
        appFinding('chart/unwritable', { ...at, field: fieldPath(undefined, field) }, message, fix),
      );
      this.#findings.push(
        ...(flaws.length > 0
          ? flaws
          : [appFinding('chart/unwritable', at, error.message, 'write plain data, with keys of moderate length')]),
      );
    }
  }

  /** Everything that a team's services share, and Argo CD's own objects. */
  addTeams(): void {
    for (const [team, { kinds, places }] of [...this.#teams].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (team === this.#config.argocd.rootProject) {
        const at: Where = { file: `${this.#platform.apps}/platform.ts`, field: 'argocd.rootProject' };
        const message = `team ${team} would get the AppProject that the root Application is in, with the rights of the team only`;
        this.#findings.push(
          appFinding(
            'platform/root-project',
            at,
            message,
            'name another AppProject for the root Application, or rename the team',
          ),
        );
      }
      for (const [environment, clusters] of places) {
        const env = this.#config.environments[environment];
        if (!env) continue;
        for (const [clusterName, namespace] of clusters) {
          const clusterFile = `envs/${environment}/${clusterName}/${CLUSTER_FILE}`;
          if (!this.#files.has(clusterFile)) {
            const place = placeData(environment, clusterName, this.#config);
            this.#findings.push(
              ...checkSecretText(place, {
                file: `${this.#platform.apps}/platform.ts`,
                environment,
                cluster: clusterName,
              }),
            );
            this.#files.set(clusterFile, emitYaml(place));
          }
          const cluster = this.#config.clusters[clusterName];
          if (!cluster || !env.createNamespaces) continue;
          const shared = { team, environment, env, clusterName, cluster, namespace };
          const unit = { environment, cluster: clusterName, team, service: '_shared' };
          this.#addUnit(unit, renderShared(shared), { environment, cluster: clusterName }, undefined);
          this.#files.set(descriptorPath(unit), json(argocdApp(shared)));
        }
        this.#addArgocd(
          renderApplicationSet({ platform: this.#config, team, environment, env }),
          `applicationset.${team}-${environment}`,
        );
      }
      this.#addArgocd(renderAppProject({ platform: this.#config, team, kinds, places }), `appproject.${team}`);
    }
    this.#addArgocd(renderRootApplication(this.#config), 'root');
  }

  #addArgocd(object: KubeObject, name: string): void {
    this.#findings.push(
      ...this.#checker.check(object, undefined),
      ...this.#argocdChecks.check(object, { unit: 'argocd', namespace: undefined }),
    );
    this.#addFile(`argocd/${name}.yaml`, object, {});
  }

  /** Nothing in an object takes it out of what a sync waits for: Argo CD must be told. Said once, since one setting mends it. */
  checkArgocdHealth(): void {
    if (this.#stopping.size === 0 || this.#config.argocd.healthChecks?.includes('InferenceService')) return;
    const names = [...this.#stopping].sort(compareText);
    const named = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
    const at: Where = { file: `${this.#platform.apps}/platform.ts`, field: 'argocd.healthChecks' };
    const message = `keepPrevious: 'stopped' of ${named} leaves a stopped InferenceService, which Argo CD calls suspended: a sync that stops one and removes another waits for ever, and holds up the next one, be it a rollback`;
    const fix =
      "give argocd-cm the health check of docs/gitops-tree.md and write healthChecks: ['InferenceService']; or keepPrevious: 'warm' or 'none'";
    this.#findings.push(appFinding('platform/health-check', at, message, fix));
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
      instead: lostState((environment, team, service) => {
        const decides =
          this.#config.environments[environment]?.rollout === 'release' &&
          this.#services.get(service)?.runsIn(environment);
        if (!decides || this.#store.state(environment, team, service) !== undefined) return undefined;
        const { folder } = this.#store;
        const emptyStore = folder !== DEFAULT_STORE && this.#store.states().length === 0 ? folder : undefined;
        return {
          file: stateFile(folder, environment, team, service),
          records: this.#store.releases(service),
          emptyStore,
        };
      }),
      counts: { targets: this.#targets, objects: this.#objects },
    };
  }

  #serviceUrl(name: string, environment: string, env: Environment): string | undefined {
    const other = this.#services.get(name);
    if (!other?.runsIn(environment)) return undefined;
    // The mistakes of another service are said there, and nothing is written then.
    const namespace = other.base ? this.#namespace(environment, env, other.base.owner.team) : undefined;
    return `http://${clusterHost(name, namespace ?? 'unknown')}`;
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

/** Whether a field is one that no release carries: what is beside the workloads, and how much and where of these. */
function followsSources(field: string | undefined): boolean {
  const [part = '', key, ofModel] = (field === undefined ? undefined : pathOfField(field)) ?? [];
  if (!PARTS.has(part)) return true;
  const asked = part === 'models' ? ofModel : key;
  return asked !== undefined && Object.hasOwn(FOLLOWS_SOURCES, asked);
}

const PARTS: ReadonlySet<PropertyKey> = new Set(['predictor', 'models', 'transformer', 'explainer', 'function']);

const NO_ANNOTATIONS: Readonly<Record<string, string>> = {};

/** What a function of the platform gives; it is code of users, and may throw. */
function asked(ask: () => unknown): { readonly value: unknown; readonly problem?: string } {
  try {
    return { value: ask() };
  } catch (error) {
    return {
      value: undefined,
      problem: `the function threw: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Promise) &&
    Object.values(value).every((each) => typeof each === 'string')
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
