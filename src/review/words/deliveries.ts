import type { KubeObject } from '../../core/object.ts';
import { isKind, listAt, textAt, valueAt, type Path } from '../read.ts';
import type { RiskId } from '../risks.ts';
import { shown } from './text.ts';

/** What Argo CD and Flux deliver by, and what each of its settings means. */

/** A setting of what delivers. */
export interface Setting {
  readonly path: Path;
  /** What it is called: `path`, `targetRevision`. */
  readonly name: string;
  readonly rule: RiskId;
  /** The value as sentences have it; one that is missing and its default read alike. */
  readonly of: (object: unknown) => string;
  /** What follows the label, when `: <name> is … (was …)` does not. */
  readonly words?: (after: string) => string;
  /** Why a change matters; `undefined` when it does not. */
  readonly why: (after: string, before: string) => string | undefined;
}

/** What delivers: where its settings are, and what happens when it goes. */
export interface Delivery {
  readonly settings: readonly Setting[];
  /** Where the Application is that it is, or that it makes. */
  readonly spec: Path;
  /** What of it decides which objects it finds. */
  readonly finds: Path;
  /** Which differences it overlooks. */
  readonly ignores: Path;
  /** What happens to what it delivered when it goes away. */
  readonly whenRemoved: (object: unknown) => string;
}

/** How an object delivers; `undefined` when it does not. */
export function deliveryOf(object: KubeObject): Delivery | undefined {
  if (isKind(object, 'argoproj.io', 'Application')) return APPLICATION;
  if (isKind(object, 'argoproj.io', 'ApplicationSet')) return APPLICATION_SET;
  if (isKind(object, 'kustomize.toolkit.fluxcd.io', 'Kustomization')) return KUSTOMIZATION;
  return isKind(object, 'source.toolkit.fluxcd.io', ...FLUX_SOURCES) ? SOURCE : undefined;
}

/** Whether Argo CD deletes what an Application delivered together with it. */
export function cascades(object: unknown): boolean {
  return listAt(object, 'metadata', 'finalizers').some((finalizer) =>
    String(finalizer).startsWith('resources-finalizer.argocd.argoproj.io'),
  );
}

/** The name of a setting that says by being there that changes of Git are applied without anybody. */
export const AUTOMATED = 'automated';

const NONE = 'none';

/** Another value looks elsewhere. */
function elsewhere(path: Path, name: string, rule: RiskId = 'risk/delivery'): Setting {
  return {
    path,
    name,
    rule,
    of: (object) => shown(valueAt(object, ...path), 120),
    why: () => WHERE.get(name) ?? 'it may deliver something else',
  };
}

const WHERE: ReadonlyMap<string, string> = new Map([
  ['project', 'another project allows other things'],
  ['serviceAccountName', 'it may do what that account may'],
  ['deletionPolicy', 'what happens to its objects when it goes is another thing'],
]);

/** A switch, off by default, of which one position is less careful than the other one. */
function toggle(path: Path, on: string, off: string, careless: 'on' | 'off', why: string): Setting {
  return {
    path,
    name: String(path.at(-1)),
    rule: 'risk/delivery',
    of: (object) => (valueAt(object, ...path) === true ? 'on' : 'off'),
    words: (after) => (after === 'on' ? on : off),
    why: (after) => (after === careless ? why : undefined),
  };
}

function prune(...path: readonly string[]): Setting {
  const why = 'a file that is deleted by mistake takes its object along';
  return toggle(path, 'deletes what leaves Git', 'no longer deletes what leaves Git', 'on', why);
}

function suspend(what: string): Setting {
  return toggle(
    ['spec', 'suspend'],
    'is suspended',
    'is no longer suspended',
    'on',
    `changes of Git, rollbacks among them, are not ${what}`,
  );
}

function applicationSettings(...spec: readonly string[]): Setting[] {
  const automated = [...spec, 'syncPolicy', AUTOMATED];
  return [
    {
      path: automated,
      name: AUTOMATED,
      rule: 'risk/delivery',
      of: (object) =>
        (valueAt(object, ...automated) ?? null) === null || textAt(object, ...automated, 'enabled') === 'false'
          ? 'off'
          : 'on',
      words: (after) => (after === 'on' ? 'syncs by itself now' : 'no longer syncs by itself'),
      why: (after) =>
        after === 'on'
          ? 'what is merged reaches the cluster at once'
          : 'changes of Git, rollbacks among them, wait for somebody',
    },
    prune(...automated, 'prune'),
    toggle(
      [...automated, 'selfHeal'],
      'takes back changes by hand',
      'no longer takes back changes by hand',
      'off',
      'what somebody changes on the cluster stays',
    ),
    toggle(
      [...automated, 'allowEmpty'],
      'may delete everything',
      'may no longer delete everything',
      'on',
      'an empty folder takes all objects along',
    ),
    ...['repoURL', 'path', 'targetRevision', 'chart'].map((field) => elsewhere([...spec, 'source', field], field)),
    ...['server', 'name', 'namespace'].map((field) =>
      elsewhere([...spec, 'destination', field], `destination ${field}`, 'risk/destination'),
    ),
    elsewhere([...spec, 'project'], 'project'),
  ];
}

const STAYS = 'what it delivered stays, and nobody delivers it any more';
const GOES = 'all that it delivered is deleted with it';

const APPLICATION: Delivery = {
  settings: applicationSettings('spec'),
  spec: ['spec'],
  finds: ['spec', 'sources'],
  ignores: ['spec', 'ignoreDifferences'],
  whenRemoved: (object) => (cascades(object) ? GOES : STAYS),
};

const PRESERVED = ['spec', 'syncPolicy', 'preserveResourcesOnDeletion'];
const POLICY = ['spec', 'syncPolicy', 'applicationsSync'];

/** What an ApplicationSet may do to its Applications, the least first. Without a policy everything is allowed. */
const POLICIES: readonly string[] = ['create-only', 'create-update', 'create-delete', 'sync', NONE];

const APPLICATION_SET: Delivery = {
  settings: [
    ...applicationSettings('spec', 'template', 'spec'),
    toggle(
      PRESERVED,
      'keeps the objects of an Application that goes',
      'no longer keeps the objects of an Application that goes',
      'off',
      'an Application that goes takes its objects along',
    ),
    {
      ...elsewhere(POLICY, 'applicationsSync'),
      why: (after, before) =>
        POLICIES.indexOf(after) > POLICIES.indexOf(before) ? 'it may do more to Applications' : undefined,
    },
  ],
  spec: ['spec', 'template', 'spec'],
  finds: ['spec', 'generators'],
  ignores: ['spec', 'template', 'spec', 'ignoreDifferences'],
  whenRemoved: (object) =>
    valueAt(object, ...PRESERVED) === true
      ? 'its Applications go, their objects stay'
      : 'its Applications go, and their objects with them',
};

const KUSTOMIZATION: Delivery = {
  settings: [
    prune('spec', 'prune'),
    toggle(
      ['spec', 'force'],
      'deletes and creates again what cannot be changed',
      'no longer deletes what cannot be changed',
      'on',
      'live objects may be deleted',
    ),
    suspend('applied'),
    toggle(
      ['spec', 'wait'],
      'waits until all is ready',
      'no longer waits until all is ready',
      'off',
      'what depends on it does not wait either',
    ),
    ...['path', 'targetNamespace', 'serviceAccountName', 'deletionPolicy'].map((field) =>
      elsewhere(['spec', field], field),
    ),
    ...['kind', 'name', 'namespace'].map((field) => elsewhere(['spec', 'sourceRef', field], `source ${field}`)),
    elsewhere(['spec', 'kubeConfig', 'secretRef', 'name'], 'cluster (kubeConfig)', 'risk/destination'),
  ],
  spec: ['spec'],
  finds: ['spec', 'patches'],
  ignores: ['spec', 'ignore'],
  whenRemoved: (object) => (valueAt(object, 'spec', 'prune') === true ? GOES : STAYS),
};

const FLUX_SOURCES = ['GitRepository', 'OCIRepository', 'Bucket', 'HelmRepository'];

const SOURCE: Delivery = {
  settings: [
    ...['url', 'endpoint', 'bucketName'].map((field) => elsewhere(['spec', field], field)),
    ...['branch', 'tag', 'semver', 'commit', 'name', 'digest'].map((field) => elsewhere(['spec', 'ref', field], field)),
    suspend('seen'),
    toggle(['spec', 'insecure'], 'is read without TLS', 'is read with TLS', 'on', 'somebody between may change it'),
  ],
  spec: ['spec'],
  finds: ['spec', 'verify'],
  ignores: ['spec', 'ignore'],
  whenRemoved: () => 'what is delivered from it gets no changes any more',
};
