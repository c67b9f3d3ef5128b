import type { Finding, Where } from '../core/finding.ts';
import { slug } from '../core/names.ts';
import type { ServiceSpec } from '../service/service.ts';
import type { Component, FunctionPart, ModelServer } from '../service/workload.ts';
import { releaseFinding } from './rules.ts';
import {
  containerWorkloadOf,
  releaseDigest,
  serverWorkloadOf,
  type ContainerWorkload,
  type LockedModel,
  type PartRecord,
  type ReleaseRecord,
  type ServerWorkload,
} from './record.ts';

/** What a release runs, under its name. */
export type Content = Pick<ReleaseRecord, 'release' | 'parts'>;

/** Parts of a release before it has a name. */
type Parts = Readonly<Record<string, { readonly model?: LockedModel; readonly workload: ServerWorkload | ContainerWorkload }>>;

/** The first release of a service is made of its sources, when these name fixed versions only. */
export function recordOfSources(spec: ServiceSpec, name: string | undefined, where: Where): { record: Content | undefined; findings: Finding[] } {
  const findings: Finding[] = [];
  const parts: Record<string, { model?: LockedModel; workload: ServerWorkload | ContainerWorkload }> = {};
  const addServer = (part: string, field: string, server: ModelServer): void => {
    if (server.model && !('uri' in server.model)) {
      const { registry, name: model, alias, version } = server.model;
      const message = `${registry}/${model}${alias === undefined ? `:${version ?? ''}` : `@${alias}`} is not locked to a place yet, and synth asks no registry`;
      const fix = `npx ai-service release ${where.service ?? ''} --env ${where.environment ?? ''}`;
      findings.push(releaseFinding('release/not-locked', { ...where, field: `${field}.model` }, message, fix));
      return;
    }
    parts[part] = { ...(server.model && { model: server.model }), workload: serverWorkloadOf(server) };
  };
  if (spec.predictor) addServer('predictor', 'predictor', spec.predictor);
  if (spec.transformer) parts['transformer'] = { workload: containerWorkloadOf(spec.transformer) };
  if (spec.explainer) parts['explainer'] = { workload: containerWorkloadOf(spec.explainer) };
  for (const [part, server] of Object.entries(spec.models)) addServer(part, `models.${part}`, server);
  if (spec.function) parts['function'] = { workload: containerWorkloadOf(spec.function) };
  if (findings.length > 0) return { record: undefined, findings };
  const release = name ?? readableName(parts);
  const introduced = Object.fromEntries(Object.entries(parts).map(([part, content]) => [part, { introduced: release, ...content }]));
  return { record: { release, parts: introduced }, findings };
}

/** A name that people say: the version of the main model, else of the function's image, else of the digest. */
function readableName(parts: Parts): string {
  const main = parts['predictor'] ?? Object.values(parts).find((part) => part.model) ?? parts['function'];
  const version = main?.model?.version ?? versionInUri(main?.model?.uri) ?? versionInImage(main?.workload.image);
  const name = version === undefined || version.length > 12 ? '' : slug(version, 12);
  // The digest costs more than all the rest, so it is taken only where it is needed.
  return name === '' ? releaseDigest(parts as ReleaseRecord['parts']).slice('sha256:'.length, 'sha256:'.length + 8) : name;
}

/** The version in one of the last two segments of a path: before those, numbers are experiments and dates. */
function versionInUri(uri: string | undefined): string | undefined {
  const segments = uri?.replace(/^[a-z+]+:\/\//, '').split(/[/:]/).filter((segment) => segment !== '') ?? [];
  return segments.slice(-2).reverse().find((segment) => /^v?\d+([._-]\d+)*$/i.test(segment));
}

function versionInImage(image: string | undefined): string | undefined {
  return /:(v?\d[\w.-]*)(?:@|$)/.exec(image ?? '')?.[1];
}

/** Says when the sources differ from the newest release of the environment: the edit waits for a release. */
export function unreleasedEdits(base: ServiceSpec, record: ReleaseRecord, where: Where): Finding[] {
  const edited = Object.keys(record.parts).filter((part) => {
    const source = part === 'predictor' || part === 'transformer' || part === 'explainer' || part === 'function' ? base[part] : base.models[part];
    return source === undefined || !carries(record.parts[part], source);
  });
  const added = [...(base.predictor ? ['predictor'] : []), ...(base.function ? ['function'] : []), ...Object.keys(base.models)].filter((part) => !record.parts[part]);
  const parts = [...edited, ...added].sort();
  if (parts.length === 0) return [];
  const message = `the sources of ${parts.join(', ')} differ from release ${record.release}, and no release carries the edit yet`;
  const fix = `npx ai-service release ${where.service ?? ''} --env ${where.environment ?? ''} --config`;
  return [releaseFinding('release/unreleased-edit', where, message, fix)];
}

/** Whether a recorded part still says what the sources say. An alias and a defaulted image are the release's to decide. */
function carries(part: PartRecord | undefined, source: ModelServer | Component | FunctionPart): boolean {
  if (!part) return false;
  const wanted = 'framework' in source ? serverWorkloadOf(source) : containerWorkloadOf(source);
  const image = wanted.image ?? part.workload.image;
  const same = sameContent({ ...wanted, image } as typeof wanted, part.workload);
  const model = 'framework' in source ? source.model : undefined;
  if (!same || !model) return same;
  if ('uri' in model) return model.uri === part.model?.uri;
  return model.name === part.model?.name && (model.version === undefined || model.version === part.model.version);
}

function sameContent(a: ServerWorkload | ContainerWorkload, b: ServerWorkload | ContainerWorkload): boolean {
  const digest = (workload: ServerWorkload | ContainerWorkload): string => releaseDigest({ part: { introduced: 'x', workload } });
  return digest(a) === digest(b);
}
