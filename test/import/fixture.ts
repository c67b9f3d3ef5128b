import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Network } from '../../src/core/network.ts';

/** A network that nobody may use: only https locations need one. */
export const OFFLINE: Network = {
  fetch: () => Promise.reject(new Error('nothing may be sent here')),
  sleep: () => Promise.reject(new Error('nothing is waited for here')),
  now: () => 0,
};

/**
 * A network that answers requests for an address with the next of its replies; what is an error is thrown. Sleeping takes no
 * time, and it is noon for ever.
 */
export function webOf(replies: Readonly<Record<string, readonly (string | Response | Error)[]>>): {
  readonly network: Network;
  /** The addresses that were asked for. */
  readonly asked: readonly string[];
  /** How long was slept, in milliseconds. */
  readonly slept: readonly number[];
} {
  const left = new Map(Object.entries(replies).map(([address, all]) => [address, [...all]]));
  const asked: string[] = [];
  const slept: number[] = [];
  const network: Network = {
    fetch: (input, init) => {
      const address = input instanceof Request ? input.url : input.toString();
      asked.push(address);
      const reply = init?.redirect === 'manual' ? left.get(address)?.shift() : undefined;
      if (reply === undefined)
        return Promise.reject(new Error('one request too many, or fetch would follow redirects'));
      if (reply instanceof Error) return Promise.reject(reply);
      return Promise.resolve(typeof reply === 'string' ? new Response(reply) : reply);
    },
    sleep: (milliseconds) => Promise.resolve(void slept.push(milliseconds)),
    now: () => Date.UTC(2026, 10, 21, 12),
  };
  return { network, asked, slept };
}

/** A new empty folder, with these files in it. */
export async function folderOf(files: Readonly<Record<string, string | object>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ai-service-import-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

/** Every file below a folder with its text, by path. */
export async function textsOf(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    paths.sort().map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')]),
  );
  return Object.fromEntries(texts) as Record<string, string>;
}

/** A CustomResourceDefinition of the group `acme.example`; every version has the schema `spec`. */
export function crd(kind: string, spec: object, versions: readonly string[] = ['v1']): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.toLowerCase()}s.acme.example` },
    spec: {
      group: 'acme.example',
      scope: 'Namespaced',
      names: { kind, plural: `${kind.toLowerCase()}s` },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              apiVersion: { type: 'string' },
              kind: { type: 'string' },
              metadata: { type: 'object' },
              spec,
              status: { type: 'object', properties: { ready: { type: 'boolean' } } },
            },
            required: ['spec'],
          },
        },
      })),
    },
  };
}

/** A container as many kinds embed it; long enough to be worth a definition. */
export const CONTAINER = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, description: 'Name of the container.' },
    image: { type: 'string' },
    env: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, value: { type: 'string' } },
      },
    },
  },
};
