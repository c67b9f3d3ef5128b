import type { Answer } from '../../core/answer.ts';
import type { Digest } from './digest.ts';
import type { Allowance, Drift, Pin, ResolvedModel } from './registry.ts';

/** What verification asks of a registry. */
export interface Sources {
  readonly look: (name: string, version: string) => Promise<Answer<ResolvedModel>>;
  readonly versionOf: (name: string, alias: string, allow: Allowance) => Promise<Answer<string>>;
  readonly digest: (uri: string) => Promise<Digest>;
}

/**
 * How a pin differs from what is there now. The registry is asked for the version, for the alias when the pin has one, and
 * the storage for the bytes; what cannot be asked is `unreadable`, and never taken for well.
 */
export async function verifyPin(pin: Pin, sources: Sources): Promise<readonly Drift[]> {
  const reading = sources.digest(pin.uri);
  const [registry, alias, bytes] = await Promise.all([
    versionDrift(pin, sources, reading),
    aliasDrift(pin, sources),
    bytesDrift(pin, reading),
  ]);
  return [...alias, ...registry, ...bytes];
}

async function versionDrift(pin: Pin, { look }: Sources, reading: Promise<Digest>): Promise<Drift[]> {
  if (pin.name === undefined || pin.version === undefined) return [];
  const said = `version ${JSON.stringify(pin.version)} of ${JSON.stringify(pin.name)}`;
  const { value: now, findings } = await look(pin.name, pin.version);
  if (!now) {
    const gone = findings.some(({ id }) => id === 'registry/not-found');
    if (gone)
      return [
        drift('version-deleted', `${said} is no longer in the registry`, 'restore it, or release another version'),
      ];
    return [unreadable(findings)];
  }
  const changed = (['uid', 'run', 'created'] as const).find(
    (field) => pin[field] !== undefined && pin[field] !== now[field],
  );
  if (changed !== undefined) {
    const message = `${said} is another one than was locked: ${IDENTITY[changed]} was ${pin[changed]}, and is ${now[changed] ?? 'not there'}`;
    // What serves is what was locked as long as the bytes are: a new release would deploy the same once more.
    const same = now.uri === pin.uri && pin.digest !== undefined && pin.digest === (await reading).digest;
    if (!same)
      return [drift('version-recreated', message, 'find out who made it again; release the version that is meant')];
    const fix = 'nothing has to be done; runs and metrics of the record are those of the version that was locked';
    return [
      drift('version-recreated-same-bytes', `${message}; it has the bytes that were locked`, fix),
      ...approvalDrift(pin, now, said),
    ];
  }
  const moved =
    now.uri === pin.uri
      ? []
      : [drift('bytes-changed', `${said} was at ${pin.uri}, and the registry says ${now.uri}`, RELEASE_AGAIN)];
  return [...moved, ...approvalDrift(pin, now, said)];
}

const IDENTITY = { uid: 'its id', run: 'its run', created: 'its time of creation' } as const;
const RELEASE_AGAIN = 'find out who changed it; make a new release of the version that is meant';

function approvalDrift({ approval }: Pin, now: ResolvedModel, said: string): Drift[] {
  const revoked =
    (approval === 'approved' && now.approval !== 'approved') ||
    (approval !== 'rejected' && now.approval === 'rejected');
  if (!revoked) return [];
  const message = `approval of ${said} was ${approval ?? 'unknown'}, and is ${now.approval}`;
  return [drift('approval-revoked', message, 'roll back, or have it approved again')];
}

async function aliasDrift({ name, version, alias, approval }: Pin, { versionOf }: Sources): Promise<Drift[]> {
  if (name === undefined || version === undefined || alias === undefined) return [];
  const said = JSON.stringify(`${name}@${alias}`);
  const { value: now, findings } = await versionOf(name, alias, { unapproved: approval === 'pending' });
  if (now === version) return [];
  if (now !== undefined) {
    return [
      drift(
        'alias-moved',
        `${said} was version ${version}, and is ${now}`,
        'make a release of the new version when it is wanted',
      ),
    ];
  }
  if (!findings.some(({ id }) => id === 'registry/not-found')) return [unreadable(findings)];
  return [
    drift(
      'alias-moved',
      `${said} was version ${version}, and is no longer there`,
      'set the alias again, or name a version',
    ),
  ];
}

async function bytesDrift({ uri, digest }: Pin, reading: Promise<Digest>): Promise<Drift[]> {
  const read = await reading;
  if (read.digest === undefined) {
    // A storage that has nothing there has been asked, and has answered.
    if (read.known === 'missing') return [drift('bytes-changed', `${uri} is gone: ${read.reason}`, read.fix)];
    // It has answered that it is there, and there is no more that it could be asked for.
    if (read.known === 'there' && digest === undefined) return [];
    if (read.known === 'out-of-reach')
      return [drift('out-of-reach', `${uri} cannot be verified: ${read.reason}`, read.fix)];
    return [drift('unreadable', `${uri} was not read: ${read.reason}`, read.fix)];
  }
  if (digest === undefined || digest === read.digest) return [];
  const algorithm = (text: string): string => text.slice(0, text.indexOf(':'));
  if (algorithm(digest) !== algorithm(read.digest)) {
    const message = `${uri} was locked with ${algorithm(digest)}, and the storage gives ${algorithm(read.digest)} only`;
    return [drift('unreadable', message, 'make a new release of the version, which locks the digest that can be read')];
  }
  return [drift('bytes-changed', `the content of ${uri} was ${digest}, and is ${read.digest}`, RELEASE_AGAIN)];
}

function unreadable(findings: Answer<unknown>['findings']): Drift {
  const [first] = findings;
  return drift('unreadable', first?.message ?? 'the registry gives no answer', first?.fix ?? 'run the command again');
}

function drift(kind: Drift['kind'], message: string, fix: string): Drift {
  return { kind, message, fix };
}
