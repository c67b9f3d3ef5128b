import type { Container, PersistentVolumeClaimSpec, Pod } from '../../../imports/core/v1.js';
import { isDnsSubdomain } from '../../core/names.ts';
import { parseQuantity } from '../../core/quantity.ts';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';
import { checkFieldRef, checkResourceFieldRef } from './container.ts';
import { checkLabels, checkSelector } from './selector.ts';
import { checkName, checkRange, checkValue, DNS_LABEL, DNS_SUBDOMAIN, requireName } from './values.ts';

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];
type Projected = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

const HOST_PATH_TYPES = [
  'DirectoryOrCreate',
  'Directory',
  'FileOrCreate',
  'File',
  'Socket',
  'CharDevice',
  'BlockDevice',
  '',
];
/** Drivers may have capital letters. */
const CSI_DRIVER = {
  ...DNS_SUBDOMAIN,
  test: (name: string) => name.length <= 63 && isDnsSubdomain(name.toLowerCase()),
};
/** Fields of a pod that a file gets, and a variable does not. */
const FILE_FIELDS = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations'];
/** The largest mode of a file, 0777. */
const MAX_MODE = 0o777;

/** Volumes of a pod. */
export function checkVolumes(report: Report, path: string, volumes: readonly Volume[]): void {
  const { add } = report;
  volumes.forEach((volume, index) => {
    const at = `${path}[${index}]`;
    requireName(report, at, 'name', volume.name, DNS_LABEL);
    const sources = Object.entries(volume).filter(([key, value]) => key !== 'name' && value !== undefined);
    if (sources.length > 1) {
      const said = `comes from ${sources.map(([source]) => source).join(' and ')}, of which there may be one`;
      add('kubernetes/volume', at, said, 'make two volumes of it, or one volume projected');
    }
    checkSource(report, at, volume);
  });
}

function checkSource(report: Report, path: string, volume: Volume): void {
  const { secret, configMap, persistentVolumeClaim, hostPath, nfs, emptyDir, projected, downwardAPI, csi, ephemeral } =
    volume;
  if (secret) {
    // Any text will do: nothing looks at it before the pod starts.
    requireText(report, `${path}.secret`, 'secretName', secret.secretName);
    checkFiles(report, `${path}.secret`, secret);
  }
  if (configMap) {
    requireText(report, `${path}.configMap`, 'name', configMap.name);
    checkFiles(report, `${path}.configMap`, configMap);
  }
  if (persistentVolumeClaim) {
    requireText(report, `${path}.persistentVolumeClaim`, 'claimName', persistentVolumeClaim.claimName);
  }
  if (hostPath) {
    requireText(report, `${path}.hostPath`, 'path', hostPath.path);
    checkNoWayUp(report, `${path}.hostPath.path`, hostPath.path);
    checkValue(report, `${path}.hostPath`, 'type', hostPath.type, HOST_PATH_TYPES);
  }
  if (nfs) {
    requireText(report, `${path}.nfs`, 'server', nfs.server);
    if (!nfs.path.startsWith('/')) {
      report.add('kubernetes/volume', `${path}.nfs.path`, `${showValue(nfs.path)} is not absolute`, 'begin with /');
    }
  }
  if (csi) requireName(report, `${path}.csi`, 'driver', csi.driver, CSI_DRIVER);
  if (emptyDir?.sizeLimit !== undefined && (parseQuantity(emptyDir.sizeLimit)?.nanos ?? 0n) < 0n) {
    report.add('kubernetes/volume', `${path}.emptyDir.sizeLimit`, `${emptyDir.sizeLimit} is negative`, 'write 1Gi');
  }
  if (ephemeral) {
    const template = ephemeral.volumeClaimTemplate;
    if (template) {
      const at = `${path}.ephemeral.volumeClaimTemplate`;
      checkLabels(report, `${at}.metadata.labels`, template.metadata?.labels);
      checkClaim(report, `${at}.spec`, template.spec);
    } else report.add('kubernetes/volume', `${path}.ephemeral`, 'has no volumeClaimTemplate', 'write one');
  }
  if (downwardAPI) {
    checkRange(report, `${path}.downwardAPI`, 'defaultMode', downwardAPI.defaultMode, 0, MAX_MODE);
    checkPodFiles(report, `${path}.downwardAPI`, downwardAPI.items);
  }
  if (projected) {
    checkRange(report, `${path}.projected`, 'defaultMode', projected.defaultMode, 0, MAX_MODE);
    projected.sources?.forEach((source, index) =>
      checkProjected(report, `${path}.projected.sources[${index}]`, source),
    );
  }
}

function checkProjected(report: Report, path: string, source: Projected): void {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  const kinds = Object.entries(source).filter(([, value]) => value !== undefined);
  if (kinds.length > 1) {
    const said = `has ${kinds.map(([kind]) => kind).join(' and ')}, of which there may be one`;
    report.add('kubernetes/volume', path, said, 'write an item for each');
  }
  if (secret) {
    requireText(report, `${path}.secret`, 'name', secret.name);
    checkFiles(report, `${path}.secret`, secret);
  }
  if (configMap) {
    requireText(report, `${path}.configMap`, 'name', configMap.name);
    checkFiles(report, `${path}.configMap`, configMap);
  }
  if (downwardAPI) checkPodFiles(report, `${path}.downwardAPI`, downwardAPI.items);
  if (serviceAccountToken) {
    const at = `${path}.serviceAccountToken`;
    checkRange(report, at, 'expirationSeconds', serviceAccountToken.expirationSeconds, 600, 2 ** 32);
    checkFilePath(report, `${at}.path`, serviceAccountToken.path);
  }
  if (clusterTrustBundle) checkFilePath(report, `${path}.clusterTrustBundle.path`, clusterTrustBundle.path);
}

/** Keys of a Secret or ConfigMap as files. */
function checkFiles(
  report: Report,
  path: string,
  { defaultMode, items }: Pick<NonNullable<Volume['configMap']>, 'defaultMode' | 'items'>,
): void {
  checkRange(report, path, 'defaultMode', defaultMode, 0, MAX_MODE);
  items?.forEach((item, index) => {
    const at = `${path}.items[${index}]`;
    requireText(report, at, 'key', item.key);
    checkFilePath(report, `${at}.path`, item.path);
    checkRange(report, at, 'mode', item.mode, 0, MAX_MODE);
  });
}

/** Fields of the pod as files. */
function checkPodFiles(report: Report, path: string, items: NonNullable<Volume['downwardAPI']>['items'] = []): void {
  items.forEach(({ path: file, mode, fieldRef, resourceFieldRef }, index) => {
    const at = `${path}.items[${index}]`;
    checkFilePath(report, `${at}.path`, file);
    checkRange(report, at, 'mode', mode, 0, MAX_MODE);
    if ((fieldRef === undefined) === (resourceFieldRef === undefined)) {
      const said = fieldRef ? 'has fieldRef and resourceFieldRef, of which there may be one' : 'names no field';
      report.add('kubernetes/volume', at, said, 'write fieldRef or resourceFieldRef');
    }
    if (fieldRef) checkFieldRef(report, `${at}.fieldRef`, fieldRef, FILE_FIELDS);
    if (!resourceFieldRef) return;
    requireText(report, `${at}.resourceFieldRef`, 'containerName', resourceFieldRef.containerName);
    checkResourceFieldRef(report, `${at}.resourceFieldRef`, resourceFieldRef.resource);
  });
}

function requireText({ add }: Report, path: string, field: string, text: string | undefined): void {
  if (!text) add('kubernetes/volume', `${path}.${field}`, text === '' ? 'is empty' : 'is missing', `write ${field}`);
}

/** A path of a file in a volume: relative, and not out of it. */
function checkFilePath({ add }: Report, path: string, file: string): void {
  if (file !== '' && !file.startsWith('/') && !file.startsWith('..') && !file.split('/').includes('..')) return;
  const said = file === '' ? 'is empty' : `${showValue(file)} leads out of the volume`;
  add(
    'kubernetes/volume',
    path,
    said,
    'write a path below the folder that the volume is mounted at: config/model.json',
  );
}

function checkNoWayUp({ add }: Report, path: string, folder: string): void {
  if (!folder.split('/').includes('..')) return;
  add('kubernetes/volume', path, `${showValue(folder)} goes up with ".."`, 'write the path that is meant');
}

/**
 * What a container mounts.
 *
 * @param volumes names of the volumes of the pod; not known where others add some.
 */
export function checkMounts(
  report: Report,
  path: string,
  { volumeMounts = [], volumeDevices = [], securityContext }: Partial<Container>,
  volumes: ReadonlySet<string> | undefined,
): void {
  const { add } = report;
  const checkVolumeName = (at: string, name: string): void => {
    if (!volumes || volumes.has(name)) return;
    const known = volumes.size === 0 ? 'the pod has no volumes' : `volumes are ${[...volumes].join(', ')}`;
    add(
      'kubernetes/volume',
      `${at}.name`,
      `no volume is called ${showValue(name)}: ${known}`,
      'add the volume, or mount another one',
    );
  };
  volumeMounts.forEach((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`;
    checkVolumeName(at, mount.name);
    if (mount.mountPath === '') add('kubernetes/volume', `${at}.mountPath`, 'is empty', 'write a folder');
    for (const field of ['subPath', 'subPathExpr'] as const) {
      const folder = mount[field] ?? '';
      if (folder.startsWith('/') || folder.split('/').includes('..')) {
        add(
          'kubernetes/volume',
          `${at}.${field}`,
          `${showValue(folder)} leads out of the volume`,
          'write a path below it',
        );
      }
    }
    if (mount.subPath && mount.subPathExpr) {
      add('kubernetes/volume', `${at}.subPathExpr`, 'stands beside subPath', 'leave one of them out');
    }
    checkValue(report, at, 'mountPropagation', mount.mountPropagation, ['None', 'HostToContainer', 'Bidirectional']);
    if (mount.mountPropagation === 'Bidirectional' && volumes && !securityContext?.privileged) {
      const fix = 'write HostToContainer, or securityContext.privileged: true';
      add('kubernetes/volume', `${at}.mountPropagation`, 'only privileged containers mount for the node', fix);
    }
    checkValue(report, at, 'recursiveReadOnly', mount.recursiveReadOnly, ['Disabled', 'IfPossible', 'Enabled']);
    if ((mount.recursiveReadOnly ?? 'Disabled') !== 'Disabled' && !mount.readOnly) {
      add('kubernetes/volume', `${at}.recursiveReadOnly`, 'the mount is not read-only', 'write readOnly: true');
    }
  });
  volumeDevices.forEach(({ name, devicePath }, index) => {
    const at = `${path}.volumeDevices[${index}]`;
    checkVolumeName(at, name);
    requireText(report, at, 'devicePath', devicePath);
    checkNoWayUp(report, `${at}.devicePath`, devicePath);
    if (volumeMounts.some((mount) => mount.name === name)) {
      add('kubernetes/volume', `${at}.name`, `${showValue(name)} is mounted as well`, 'use it as a device or mount it');
    }
  });
}

const ACCESS_MODES = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];

/** What a claim asks for: of its own, of a pod, of a StatefulSet. */
export function checkClaim(report: Report, path: string, claim: PersistentVolumeClaimSpec): void {
  const { add } = report;
  const { accessModes = [], resources, dataSource, dataSourceRef } = claim;
  if (accessModes.length === 0) {
    add('kubernetes/claim', `${path}.accessModes`, 'is missing', `write one of ${ACCESS_MODES.join(', ')}`);
  }
  accessModes.forEach((mode, index) => checkValue(report, path, `accessModes[${index}]`, mode, ACCESS_MODES));
  if (accessModes.includes('ReadWriteOncePod') && accessModes.some((mode) => mode !== 'ReadWriteOncePod')) {
    add('kubernetes/claim', `${path}.accessModes`, 'ReadWriteOncePod stands beside others', 'write it alone');
  }
  const storage = resources?.requests?.storage;
  const amount = storage === undefined ? undefined : parseQuantity(storage);
  if (storage === undefined) {
    add('kubernetes/claim', `${path}.resources.requests.storage`, 'is missing', 'write how much is needed: 20Gi');
  } else if (amount && amount.nanos <= 0n) {
    add(
      'kubernetes/claim',
      `${path}.resources.requests.storage`,
      `${storage} is nothing`,
      'write how much is needed: 20Gi',
    );
  }
  if (claim.storageClassName) checkName(report, path, 'storageClassName', claim.storageClassName, DNS_SUBDOMAIN);
  checkValue(report, path, 'volumeMode', claim.volumeMode, ['Filesystem', 'Block']);
  checkSelector(report, `${path}.selector`, claim.selector);
  for (const [field, source] of [
    ['dataSource', dataSource],
    ['dataSourceRef', dataSourceRef],
  ] as const) {
    if (!source || source.apiGroup || source.kind === 'PersistentVolumeClaim') continue;
    const said = `without apiGroup only a PersistentVolumeClaim can be copied, not a ${showValue(source.kind)}`;
    add('kubernetes/claim', `${path}.${field}`, said, 'write apiGroup: snapshot.storage.k8s.io for a VolumeSnapshot');
  }
}
