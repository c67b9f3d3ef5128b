import { describe, expect, it } from 'vitest';
import { prometheusEndpoints } from '../../src/gate/endpoints.ts';

const CLUSTERS = ['eu-1', 'us-1'];

function read(
  values: readonly string[],
  clusterLabel?: string,
): { urls: Record<string, string>; messages: readonly string[]; fixes: readonly string[] } {
  const { endpoints, findings } = prometheusEndpoints(values, clusterLabel, CLUSTERS);
  return {
    urls: Object.fromEntries(endpoints.urls),
    messages: findings.map(({ id, message }) => `${id}: ${message}`),
    fixes: findings.map(({ fix }) => fix),
  };
}

describe('the addresses of Prometheus', () => {
  it('are one for each cluster', () => {
    expect(read(['eu-1=https://a.example.com/', 'us-1=http://b.example.com:9090/prometheus/'])).toEqual({
      urls: { 'eu-1': 'https://a.example.com', 'us-1': 'http://b.example.com:9090/prometheus' },
      messages: [],
      fixes: [],
    });
  });

  it('are one for all clusters where a label tells them apart', () => {
    expect(read(['https://a.example.com'], 'cluster')).toEqual({
      urls: { 'eu-1': 'https://a.example.com', 'us-1': 'https://a.example.com' },
      messages: [],
      fixes: [],
    });
    expect(read(['https://a.example.com']).messages).toEqual([
      'gate/prometheus-cluster: clusters eu-1, us-1 share one Prometheus',
    ]);
  });

  it('may be missing for a cluster, whose gates are inconclusive then', () => {
    expect(read(['eu-1=https://a.example.com'])).toEqual({
      urls: { 'eu-1': 'https://a.example.com' },
      messages: [],
      fixes: [],
    });
    expect(read([])).toEqual({ urls: {}, messages: [], fixes: [] });
  });

  it('name clusters that there are, each once', () => {
    const { messages, fixes } = read([
      'eu1=https://a.example.com',
      'us-1=https://b.example.com',
      'us-1=https://c.example.com',
    ]);
    expect(messages).toEqual([
      'gate/prometheus-cluster: the environment has no cluster eu1',
      'gate/prometheus-cluster: cluster us-1 has two addresses',
    ]);
    expect(fixes[0]).toBe('did you mean eu-1?');
  });

  it.each([
    'https://user:hunter2@a.example.com',
    'https://a.example.com?token=hunter2',
    'ftp://a.example.com',
    'hunter2',
    'https://a.example.com#hunter2',
  ])('are plain, and %s is not repeated', (address) => {
    const { urls, messages, fixes } = read([`eu-1=${address}`]);
    expect(urls).toEqual({});
    expect(messages).toEqual([
      'gate/prometheus-address: the address for eu-1 is not an http or https URL without user, password, query and fragment',
    ]);
    expect(fixes.join()).not.toContain('hunter2');
  });

  it('need a label that can be one', () => {
    expect(read(['https://a.example.com'], 'clu"ster').messages).toEqual([
      'gate/prometheus-cluster: this is not the name of a label',
    ]);
  });
});
