import { expect, test } from 'vitest';
import { serverImage } from '../../src/release/server-image.ts';
import { cluster as clusterSchema } from '../../src/service/platform.ts';

const resources = { cpu: '1', memory: '1Gi', gpuResource: 'nvidia.com/gpu', limits: {} };
const cluster = (version: string | [string, string]) =>
  clusterSchema.parse({ kubernetes: '1.33', kserve: { version, mode: 'Standard' } });

test('of an upgrade of KServe the older version counts, of several clusters the highest one', () => {
  const image = (...versions: (string | [string, string])[]): string =>
    serverImage('sklearn', { resources }, versions.map(cluster));
  expect(image(['0.19.0', '0.20.0'])).toBe('kserve/sklearnserver:v0.19.0');
  expect(image('0.9.0', '0.19.0', ['0.20.0', '0.21.0'])).toBe('kserve/sklearnserver:v0.20.0');
  expect(image()).toBe('kserve/sklearnserver:v0.20.0');
});

test('an image that was chosen stays', () => {
  expect(serverImage('sklearn', { resources, image: 'registry.example.com/sklearn:1.0.0' }, [cluster('0.20.0')])).toBe(
    'registry.example.com/sklearn:1.0.0',
  );
});
