import { describe, expect, test } from 'vitest';
import { createMask, maskSecrets } from '../../src/review/mask.ts';

const token = `hf_${'a'.repeat(34)}`;
const masked = (value: unknown): unknown => maskSecrets(value, createMask());

describe('is masked', () => {
  test.each<[string, unknown, unknown]>([
    [
      'a known form of a key, wherever it is',
      { spec: { args: ['--x', token] } },
      { spec: { args: ['--x', '[redacted 1]'] } },
    ],
    [
      'a variable whose name says so',
      { env: [{ name: 'DB_PASSWORD', value: 'hunter2!' }] },
      { env: [{ name: 'DB_PASSWORD', value: '[redacted 1]' }] },
    ],
    [
      'a field whose name says so',
      { data: { 'db-password': 'hunter2!' } },
      { data: { 'db-password': '[redacted 1]' } },
    ],
    [
      'an argument whose name says so',
      { args: ['--api-key=abcdefgh', '--port=80'] },
      { args: ['--api-key=[redacted 1]', '--port=80'] },
    ],
    ['the argument after such a name', { args: ['--api-key', 'abcdefgh'] }, { args: ['--api-key', '[redacted 1]'] }],
    ['the line of a text that holds a key', { config: `a: 1\nb: ${token}\n` }, { config: 'a: 1\n[redacted 1]\n' }],
    [
      'a private key of several lines',
      { config: '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n' },
      { config: '[redacted 1]' },
    ],
    ['a text that is a whole document', `line\n${token}`, 'line\n[redacted 1]'],
    [
      'all of a Secret',
      { apiVersion: 'v1', kind: 'Secret', data: { a: 'YQ==' }, stringData: { b: 'x' } },
      { apiVersion: 'v1', kind: 'Secret', data: { a: '[redacted 1]' }, stringData: { b: '[redacted 2]' } },
    ],
    [
      'a Secret in a List, or in a template',
      { kind: 'List', items: [{ apiVersion: 'v1', kind: 'Secret', data: { a: 'YQ==' } }] },
      { kind: 'List', items: [{ apiVersion: 'v1', kind: 'Secret', data: { a: '[redacted 1]' } }] },
    ],
    [
      'the copy of a Secret that kubectl leaves in it',
      {
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"kind":"Secret","data":{"a":"YQ=="}}\n' },
      },
      { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '[redacted 1]' } },
    ],
    [
      'what the query of an address calls a secret, or a signature',
      { url: 'https://x/y?a=1&token=abcdef&sig=s%3D#z' },
      { url: 'https://x/y?a=1&token=[redacted 1]&sig=[redacted 2]#z' },
    ],
    [
      'a Secret of any shape',
      { apiVersion: 'v1', kind: 'Secret', data: [{ a: 1, b: null }, 'x'], stringData: 'x' },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        data: [{ a: '[redacted 1]', b: null }, '[redacted 2]'],
        stringData: '[redacted 2]',
      },
    ],
  ])('%s', (_, value, expected) => {
    expect(masked(value)).toEqual(expected);
  });
});

test('references to secrets are none', () => {
  const value = {
    env: [{ name: 'HUB_TOKEN', valueFrom: { secretKeyRef: { name: 'hub', key: 'token' } } }],
    secretName: 'hub',
    imagePullSecrets: [{ name: 'pull' }],
    secret: 'hub',
    credentials: ['store-credentials'],
    data: [{ secretKey: 'password' }],
    args: ['--max-tokens=100'],
  };
  expect(masked(value)).toBe(value);
});

test('one secret has one mark, so that a change of it shows', () => {
  const mask = createMask();
  const env = (value: string): unknown => maskSecrets({ env: [{ name: 'TOKEN', value }] }, mask);
  expect(env('one-secret')).toEqual(env('one-secret'));
  expect(env('one-secret')).not.toEqual(env('other-secret'));
});
