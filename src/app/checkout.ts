import { answered, refused, type Answer } from '../core/answer.ts';
import type { Files } from '../core/files.ts';
import type { Finding, Where } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import type { ReleaseState } from '../release/state.ts';
import { openStore, requiredState, stateFile, type ListedStore } from '../release/store.ts';
import type { AppDescriptor } from '../render/argocd.ts';
import { policyOf, type ReleasePolicy } from '../service/release-policy.ts';
import { unitFolder } from '../tree/layout.ts';
import { inTree } from '../tree/paths.ts';
import { CLUSTER_FILE, INTENT_FILE, readIntent, readPlace, type Intent, type Place } from './intent.ts';
import { appFinding } from './rules.ts';

/** Where the tree and the release store are in a repository. */
export interface CheckoutFolders {
  /** The owned tree. Default: `gitops`. */
  readonly tree: string;
  /** The release store. Default: `releases`. */
  readonly releases: string;
}

/** A checkout of the GitOps repository, or a commit of it: the tree and the release store, without the sources. */
export interface Checkout extends CheckoutFolders {
  readonly files: Files;
  readonly store: ListedStore;
}

/** A service in one environment on one cluster, as the tree says. */
export interface CheckoutUnit extends Intent, Place {
  readonly service: string;
  readonly environment: string;
  readonly clusterName: string;
  readonly team: string;
  readonly namespace: string;
}

/** Opens a checkout; nothing is read yet. */
export function openCheckout(files: Files, { tree, releases }: CheckoutFolders): Checkout {
  return { files, tree, releases, store: openStore(files, releases) };
}

/** Names of the environments in the tree. */
export function environmentsOf({ files, tree }: Checkout): readonly string[] {
  return files.entries(inTree(tree, 'envs')).folders;
}

/**
 * The units of a service in an environment, one per cluster. An unknown name is a finding that says what is near; so is
 * what is missing or cannot be read.
 */
export function unitsOf(checkout: Checkout, service: string, environment: string): Answer<readonly CheckoutUnit[]> {
  const { files, tree } = checkout;
  const places = placesOf(checkout, service, environment);
  if (places.length === 0) return refused(unknownService(checkout, service, environment));
  const units: CheckoutUnit[] = [];
  const findings: Finding[] = [];
  for (const { team, clusterName } of places) {
    const folder = unitFolder({ environment, cluster: clusterName, team, service });
    const where: Where = { service, environment, cluster: clusterName };
    const read = (path: string): string | undefined => {
      const text = files.read(inTree(tree, path));
      if (text === undefined) findings.push(missing(inTree(tree, path), where));
      return text;
    };
    const [app, intentText, placeText] = [
      read(`${folder}/argocd-app.json`),
      read(`${folder}/${INTENT_FILE}`),
      read(`envs/${environment}/${clusterName}/${CLUSTER_FILE}`),
    ];
    if (app === undefined || intentText === undefined || placeText === undefined) continue;
    const descriptor = readDescriptor(app);
    if (!descriptor) {
      findings.push(
        missing(
          inTree(tree, `${folder}/argocd-app.json`),
          where,
          'the file is not what synth writes: it is no JSON, or has no namespace',
        ),
      );
      continue;
    }
    const intent = readIntent(intentText, inTree(tree, `${folder}/${INTENT_FILE}`), where);
    const place = readPlace(
      placeText,
      inTree(tree, `envs/${environment}/${clusterName}/${CLUSTER_FILE}`),
      clusterName,
      descriptor.namespace,
    );
    findings.push(...[...intent.findings, ...place.findings].map(writtenBySynth));
    if (!intent.value || !place.value) continue;
    units.push({
      ...intent.value,
      ...place.value,
      service,
      environment,
      clusterName,
      team,
      namespace: descriptor.namespace,
    });
  }
  return findings.length > 0 ? refused(...findings) : answered(units);
}

/** Where a service stands in an environment: what is rendered there, and what serves. */
export interface Situation {
  /** One for each cluster; there is one at least. */
  readonly units: readonly CheckoutUnit[];
  readonly team: string;
  readonly policy: ReleasePolicy;
  readonly state: ReleaseState;
  /** File of the state. */
  readonly file: string;
}

/** The units of a service in an environment, and its state. */
export function situationOf(checkout: Checkout, service: string, environment: string): Answer<Situation> {
  const { value: units, findings } = unitsOf(checkout, service, environment);
  const first = units?.[0];
  if (!units || !first) return refused(...findings);
  const { team, spec, env } = first;
  const state = requiredState(checkout.store, environment, team, service);
  if (!state.value) return state;
  return answered({
    units,
    team,
    policy: policyOf(spec, env.rollout),
    state: state.value,
    file: stateFile(checkout.releases, environment, team, service),
  });
}

/** Namespace of a service in an environment, or `undefined` where it does not run. */
export function namespaceIn(checkout: Checkout, service: string, environment: string): string | undefined {
  const [place] = placesOf(checkout, service, environment);
  if (!place) return undefined;
  const folder = unitFolder({ environment, cluster: place.clusterName, team: place.team, service });
  const text = checkout.files.read(inTree(checkout.tree, `${folder}/argocd-app.json`));
  return text === undefined ? undefined : readDescriptor(text)?.namespace;
}

/** A descriptor, or `undefined` where somebody, or a merge, made something else of the file. */
function readDescriptor(text: string): AppDescriptor | undefined {
  try {
    const value = JSON.parse(text) as Partial<AppDescriptor> | null;
    return typeof value?.namespace === 'string' ? (value as AppDescriptor) : undefined;
  } catch {
    return undefined;
  }
}

/** Where a service stands in an environment: cluster and team. */
export function placesOf(
  { files, tree }: Checkout,
  service: string,
  environment: string,
): { team: string; clusterName: string }[] {
  return files.entries(inTree(tree, `envs/${environment}`)).folders.flatMap((clusterName) =>
    files
      .entries(inTree(tree, `envs/${environment}/${clusterName}`))
      .folders.filter(
        (team) => files.entries(inTree(tree, `envs/${environment}/${clusterName}/${team}/${service}`)).files.length > 0,
      )
      .map((team) => ({ team, clusterName })),
  );
}

function unknownService(checkout: Checkout, service: string, environment: string): Finding {
  const environments = environmentsOf(checkout);
  if (!environments.includes(environment)) {
    const near = didYouMean(environment, environments);
    const fix =
      environments.length === 0
        ? `run npx ai-service synth first, or name the folder of the tree with --out`
        : near
          ? `did you mean ${near}?`
          : `name one of ${environments.join(', ')}`;
    return appFinding(
      'checkout/unknown-service',
      { service, environment },
      `${checkout.tree} has no environment ${JSON.stringify(environment)}`,
      fix,
    );
  }
  const { files, tree } = checkout;
  const known = files
    .entries(inTree(tree, `envs/${environment}`))
    .folders.flatMap((cluster) =>
      files
        .entries(inTree(tree, `envs/${environment}/${cluster}`))
        .folders.flatMap((team) => files.entries(inTree(tree, `envs/${environment}/${cluster}/${team}`)).folders),
    );
  const services = [...new Set(known)].filter((name) => name !== '_shared').sort();
  const near = didYouMean(service, services);
  const fix = near ? `did you mean ${near}?` : 'run npx ai-service synth where the sources are, if it is new';
  return appFinding(
    'checkout/unknown-service',
    { service, environment },
    `${tree} has no service ${JSON.stringify(service)} in ${environment}`,
    fix,
  );
}

/** Nobody writes these files by hand: a merge broke them, or another version wrote them. */
function writtenBySynth(finding: Finding): Finding {
  return {
    ...finding,
    fix: 'restore the file from Git, or write it anew with npx ai-service synth where the sources are',
  };
}

function missing(
  file: string,
  where: Where,
  message = 'the file is not there, and nothing can be rendered without it',
): Finding {
  const fix = 'run npx ai-service synth where the sources are, and commit what it writes';
  return appFinding('checkout/incomplete', { ...where, file }, message, fix);
}
