import type { ContainerLike } from '../knative/pod.ts';
import type { Report } from '../report.ts';
import type { Component } from './predictor.ts';
import { CONTAINER } from './runtime.ts';

/** What the storage initializer loads (inference service utils ValidateStorageURI; default ClusterStorageContainer). */
const SCHEMES = ['gs', 's3', 'pvc', 'file', 'https', 'http', 'hdfs', 'webhdfs', 'oci', 'oci+native', 'hf'];

function storageUriOf(containers: readonly ContainerLike[]): string | undefined {
  return containers.find(({ name }) => name === CONTAINER)?.env?.find(({ name }) => name === 'STORAGE_URI')?.value;
}

/** Checks where the models of a component come from, and where they are mounted. */
export function checkStorage(
  { add }: Report,
  field: string,
  component: Component,
  containers: readonly ContainerLike[],
  modelUri: string | undefined,
): void {
  const storageUri = modelUri ?? storageUriOf(containers);
  const { storageUris } = component;
  if (storageUri !== undefined && storageUris) {
    add('kserve/storage', `${field}.storageUris`, 'storageUri and storageUris are both set', 'keep one of them');
  }
  const places: [string, string][] = [];
  if (modelUri !== undefined) places.push([`${field}.model.storageUri`, modelUri]);
  else if (storageUri !== undefined) places.push([`${field}.containers`, storageUri]);
  storageUris?.forEach(({ uri }, index) => places.push([`${field}.storageUris[${index}].uri`, uri]));
  for (const [at, uri] of places) {
    const scheme = /^([\w.+-]+):\/\//.exec(uri)?.[1];
    if (scheme !== undefined && !SCHEMES.includes(scheme)) {
      add(
        'kserve/storage-scheme',
        at,
        `KServe loads no ${scheme}://, and says so only when it reconciles`,
        `use one of ${SCHEMES.map((known) => `${known}://`).join(', ')}`,
      );
    }
  }
  if (!storageUris) return;
  const paths = new Set<string>();
  storageUris.forEach(({ uri, mountPath = '/mnt/models' }, index) => {
    const at = `${field}.storageUris[${index}]`;
    if (uri === '') add('kserve/storage', `${at}.uri`, 'the URI is empty', 'write the place of the model');
    if (mountPath === '/' || !mountPath.startsWith('/') || mountPath.includes('..')) {
      add(
        'kserve/storage',
        `${at}.mountPath`,
        `${JSON.stringify(mountPath)} is no absolute path below /`,
        'write a folder of its own: /mnt/models/<name>',
      );
    }
    if (paths.has(mountPath)) {
      add('kserve/storage', `${at}.mountPath`, `two models are mounted at ${mountPath}`, 'give each its own folder');
    }
    paths.add(mountPath);
  });
  const downloaded = storageUris
    .filter(({ uri }) => !uri.startsWith('pvc://'))
    .map(({ mountPath = '/mnt/models' }) => mountPath.split('/')[1]);
  if (new Set(downloaded).size > 1) {
    add(
      'kserve/storage',
      `${field}.storageUris`,
      'downloaded models share no folder below /',
      'mount them below one folder: /mnt/models/<name>',
    );
  }
}
