/** What is wrong with a value, and what to write instead. */
export interface Problem {
  readonly message: string;
  readonly fix: string;
}

/** Schemes that KServe's storage initializer loads (kserve v0.20.0 pkg/controller/…/utils.go ValidateStorageURI). */
const SCHEMES = new Set(['s3', 'gs', 'hf', 'https', 'http', 'pvc', 'oci', 'oci+native', 'hdfs', 'webhdfs']);

/** What people write for a scheme that KServe refuses. */
const WRONG_SCHEMES: Readonly<Record<string, string>> = {
  gcs: 'write gs://',
  az: 'write https://<account>.blob.core.windows.net/<container>/<path>',
  abfs: 'write https://<account>.blob.core.windows.net/<container>/<path>',
  abfss: 'write https://<account>.blob.core.windows.net/<container>/<path>',
  'oci+fetch': 'write oci:// or oci+native://; KServe plans oci+fetch, and 0.20 does not have it',
  wasb: 'write https://<account>.blob.core.windows.net/<container>/<path>',
  models: "name the model with ModelRef.registry('<registry>', '<name>@<alias>')",
  runs: "name the model with ModelRef.registry('<registry>', '<name>:<version>')",
  mlflow: "name the model with ModelRef.registry('<registry>', '<name>:<version>')",
  'mlflow-artifacts': "name the model with ModelRef.registry('<registry>', '<name>:<version>')",
};

/** Path segments that point to something else tomorrow. */
const FLOATING = new Set([
  'latest',
  'current',
  'head',
  'main',
  'master',
  'stable',
  'production',
  'prod',
  'staging',
  'stage',
  'dev',
  'champion',
  'challenger',
  'default',
  'best',
  'newest',
  'live',
]);

/** A segment that names one version: v47, 47, 1.4.2, 2026-08-01, a commit, a run id, m-<id> of MLflow 3. */
const VERSION =
  /^(?:v?\d+(?:[._-]\d+)*(?:[-_.][a-z0-9]+)*|[0-9a-f]{7,64}|m-[0-9a-f]{8,}|.*[-_.]v?\d+(?:[._-]\d+)*(?:\.[a-z][a-z.]*)?|ver(?:sion)?[-_=]?\d+)$/i;

const OBJECT_NAME = /\.[a-z][a-z0-9_]{0,15}$/i;

/** What else is known of a model than its place. */
export interface ModelIdentity {
  /** A version in a registry and a digest say which bytes are meant, so that the path needs no version. Default: false. */
  readonly pinned?: boolean;
}

/**
 * Why a storage URI cannot be served from, or `undefined` when it can: KServe does not load it, it may mean another
 * model tomorrow, or it does not say whether it is a directory or an object.
 *
 * @example modelUriProblem('s3://ml-models/fraud/latest/')?.message // … "latest" is a floating name …
 */
export function modelUriProblem(uri: string, { pinned = false }: ModelIdentity = {}): Problem | undefined {
  const [, scheme = '', slashes = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(\/{0,2})(.*)$/i.exec(uri) ?? [];
  const said = `model URI ${JSON.stringify(withoutQuery(uri))}`;
  if (scheme === '' || (slashes === '' && !SCHEMES.has(scheme))) {
    return { message: `${said} has no scheme`, fix: 'write where the model is: s3://bucket/name/v47/' };
  }
  if (!SCHEMES.has(scheme)) {
    const fix = WRONG_SCHEMES[scheme] ?? `use one of ${[...SCHEMES].join(', ')}`;
    return { message: `${said}: KServe does not load ${scheme}://`, fix };
  }
  if (slashes !== '//') {
    return {
      message: `${said} has ${slashes === '' ? 'no slash' : 'one slash'} behind its scheme, where KServe looks for two`,
      fix: `write ${withoutQuery(`${scheme}://${rest}`)}`,
    };
  }
  if (/[?#]/.test(rest)) {
    return {
      message: `${said} has a query or fragment: KServe's storage initializer ignores it, so it pins nothing`,
      fix: 'put the version into the path: s3://bucket/name/v47/',
    };
  }
  if (/^[^/]*@/.test(rest) && !scheme.startsWith('oci')) {
    return {
      message: `model URI with scheme ${scheme}:// carries user information`,
      fix: 'leave credentials out; name a Secret in identity.credentials',
    };
  }
  if (/\s/.test(rest) || rest.split('/').includes('..')) {
    return { message: `${said} has white space or ".." in its path`, fix: 'write the plain path' };
  }
  if (scheme === 'hf') return huggingFaceProblem(said, rest);
  if (scheme.startsWith('oci')) return ociProblem(said, uri, rest);
  return pathProblem(said, uri, rest, pinned);
}

/** How a model is written in a language: by its URI, and as an example by its name in a registry. */
export interface ModelSpelling {
  readonly uri: (uri: string) => string;
  readonly registry: string;
}

/**
 * What is wrong with a text in the place of a model: that it is text, and what is wrong with it as a URI.
 *
 * @example modelTextProblems('s3://ml/fraud/v47/', spelling)[0].fix // write ModelRef.uri('s3://ml/fraud/v47/')
 */
export function modelTextProblems(text: string, { uri, registry }: ModelSpelling): readonly Problem[] {
  const said = withoutQuery(text);
  const message = `${JSON.stringify(said)} is text, where a model is written as a map`;
  const problem = text.includes(':/') ? modelUriProblem(text) : undefined;
  if (text.includes('://') && said === text && problem === undefined) return [{ message, fix: `write ${uri(text)}` }];
  const fix = `write ${uri('s3://bucket/name/v47/')}, or for a model in a registry ${registry}`;
  return [{ message, fix }, ...(problem ? [problem] : [])];
}

function huggingFaceProblem(said: string, rest: string): Problem | undefined {
  const [, repository = '', revision] = /^([^/:]+\/[^/:]+)(?::([^/]+))?$/.exec(rest) ?? [];
  if (repository === '')
    return {
      message: `${said} is not hf://<org>/<name>:<commit>`,
      fix: 'write hf://<org>/<name>:<commit of 40 hex digits>',
    };
  if (revision !== undefined && /^[0-9a-f]{40}$/.test(revision)) return undefined;
  const why =
    revision === undefined
      ? 'has no revision, which means the branch main'
      : `names ${JSON.stringify(revision)}, which may move`;
  return { message: `${said} ${why}`, fix: `pin the commit: hf://${repository}:<commit of 40 hex digits>` };
}

function ociProblem(said: string, uri: string, rest: string): Problem | undefined {
  if (/@sha256:[0-9a-f]{64}$/.test(rest)) return undefined;
  return {
    message: `${said} has no digest, and a tag may move`,
    fix: `pin the digest: ${uri.replace(/@.*$/, '').replace(/:[^/:]*$/, '')}@sha256:<64 hex digits>`,
  };
}

function pathProblem(said: string, uri: string, rest: string, pinned: boolean): Problem | undefined {
  const [place = '', ...path] = rest.split('/');
  const segments = path.filter((segment) => segment !== '');
  const tagged = tagProblem(said, uri, segments, pinned);
  if (tagged !== undefined) return tagged;
  const floating = segments.find((segment) => FLOATING.has(segment.toLowerCase()));
  if (floating !== undefined) {
    return {
      message: `${said} may mean another model tomorrow: ${JSON.stringify(floating)} is a floating name`,
      fix: `name the version: ${uri.slice(0, -rest.length)}${[place, ...path].map((segment) => (segment === floating ? 'v47' : segment)).join('/')}${path.at(-1) === floating ? '/' : ''}`,
    };
  }
  if (place === '' || segments.length === 0) {
    return { message: `${said} names no path`, fix: 'write bucket and path: s3://bucket/name/v47/' };
  }
  const last = segments[segments.length - 1] ?? '';
  const isObject = !uri.endsWith('/') && OBJECT_NAME.test(last);
  if (!pinned && !segments.some((segment) => VERSION.test(segment))) {
    const versioned = isObject ? `${uri.slice(0, -last.length)}v47/${last}` : `${uri.replace(/\/?$/, '')}/v47/`;
    return {
      message: `${said} has no version in its path, so it may mean another model tomorrow`,
      fix: `put the version into the path: ${versioned}`,
    };
  }
  if (uri.endsWith('/') || isObject) return undefined;
  return {
    message: `${said} may be a directory or an object, and KServe loads the two differently`,
    fix: `write ${uri}/ for a directory, or ${uri}/<file name> for an object`,
  };
}

/** A tag or an alias at the end, as images and registries have them: in a store it is just a part of the name. */
function tagProblem(said: string, uri: string, segments: readonly string[], pinned: boolean): Problem | undefined {
  const last = segments.at(-1) ?? '';
  const [, name, sign, tag = ''] = /^([^:@]+)([:@])([^:@]+)$/.exec(last) ?? [];
  if (name === undefined) return undefined;
  const floats = FLOATING.has(tag.toLowerCase());
  const versioned = pinned || segments.slice(0, -1).some((segment) => VERSION.test(segment));
  if (!floats && (versioned || !VERSION.test(tag))) return undefined;
  const message = `${said} ends like an image or a registered model: a store knows no tags or aliases, and ${sign}${tag} would be part of a name there`;
  const folder = `${uri.slice(0, uri.lastIndexOf(last))}${name}/${floats ? 'v47' : tag}/`;
  const registry = floats ? `; if it is in a registry, write ModelRef.registry('<registry>', '${name}@${tag}')` : '';
  return { message, fix: `write the version as a part of the path: ${folder}${registry}` };
}

/** A URI without what may be a secret: its query, and the user in front of its host. */
function withoutQuery(uri: string): string {
  return uri.replace(/[?#].*$/, '?…').replace(/^([a-z][a-z0-9+.-]*:\/{0,2})[^/@]*@/i, '$1…@');
}
