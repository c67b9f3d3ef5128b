import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInputs } from '../../src/import/input.ts';
import { folderOf, OFFLINE, webOf } from './fixture.ts';

test('a folder is read with its sub-folders, sorted, manifests only', async () => {
  const folder = await folderOf({
    'b.yaml': 'b',
    'a/c.json': 'c',
    'a/d.YML': 'd',
    'README.md': 'no',
    '.git/e.yaml': 'no',
    'node_modules/f.yaml': 'no',
  });
  const { inputs, findings } = await readInputs(folder, OFFLINE);
  expect(findings).toEqual([]);
  expect(inputs.map(({ name, location, text }) => [name, location, text])).toEqual([
    ['a/c.json', join(folder, 'a/c.json'), 'c'],
    ['a/d.YML', join(folder, 'a/d.YML'), 'd'],
    ['b.yaml', join(folder, 'b.yaml'), 'b'],
  ]);
});

test('a file is named without its folder, and known by the digest of its bytes', async () => {
  const folder = await folderOf({ 'a.yaml': 'a: ü\n' });
  const { inputs } = await readInputs(join(folder, 'a.yaml'), OFFLINE);
  const digest = `sha256:${createHash('sha256').update('a: ü\n').digest('hex')}`;
  expect(inputs).toEqual([{ name: 'a.yaml', location: join(folder, 'a.yaml'), text: 'a: ü\n', digest }]);
});

test('what is not there, an empty folder and a missing file of a folder are errors', async () => {
  const folder = await folderOf({ 'README.md': '' });
  const messages = async (location: string, only?: string[]) =>
    (await readInputs(location, OFFLINE, only)).findings.map(({ id, severity, message }) => [id, severity, message]);
  expect(await messages(join(folder, 'x'))).toEqual([
    ['import/unreadable', 'error', 'cannot be read: there is no such file or folder'],
  ]);
  expect(await messages(folder)).toEqual([
    ['import/unreadable', 'error', 'cannot be read: the folder holds no .json, .yaml or .yml file'],
  ]);
  expect(await messages(folder, ['a.json'])).toEqual([
    ['import/unreadable', 'error', 'cannot be read: there is no such file or folder'],
  ]);
});

const CRDS = 'https://example.com/crds.yaml';

/** What is said of an address that gives these replies, one after the other, and what it took. */
async function told(
  ...replies: readonly (string | Response | Error)[]
): Promise<{ said: string[]; requests: number; slept: readonly number[] }> {
  const { network, asked, slept } = webOf({ [CRDS]: replies });
  const { inputs, findings } = await readInputs(CRDS, network);
  const said = [
    ...inputs.map(({ name, text }) => `${name} ${text}`),
    ...findings.map(({ where, message }) => `${where.file} ${message}`),
  ];
  return { said, requests: asked.length, slept };
}

const busy = (status: number, after?: string): Response =>
  new Response('', { status, ...(after !== undefined && { headers: { 'retry-after': after } }) });
const to = (location: string): Response => new Response(null, { status: 302, headers: { location } });
const broken = new TypeError('fetch failed', {
  cause: Object.assign(new Error('http://user:hunter2@proxy:3128'), { code: 'ECONNRESET' }),
});

test('an https address is read', async () => {
  expect(await told('a: 1')).toEqual({ said: [`${CRDS} a: 1`], requests: 1, slept: [] });
});

test('a failing network or server is tried three times, after 1 and 2 s', async () => {
  expect(await told(broken, busy(503), 'ok')).toEqual({ said: [`${CRDS} ok`], requests: 3, slept: [1000, 2000] });
  expect(await told(broken, busy(500), busy(503))).toEqual({
    said: [`${CRDS} cannot be read: the server answers 503 (tried 3 times)`],
    requests: 3,
    slept: [1000, 2000],
  });
});

test('a network that fails is named by its code, without what may be the password of a proxy', async () => {
  expect((await told(broken, broken, broken)).said).toEqual([
    `${CRDS} cannot be read: the network failed: ECONNRESET (tried 3 times)`,
  ]);
  const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  expect((await told(late, late, late)).said).toEqual([
    `${CRDS} cannot be read: no answer within 30 s (tried 3 times)`,
  ]);
});

test('a server that is busy is asked again when it says, but not when that is in more than a minute', async () => {
  expect(await told(busy(429, '7'), 'ok')).toEqual({ said: [`${CRDS} ok`], requests: 2, slept: [7000] });
  expect(await told(busy(429, '61'))).toEqual({
    said: [`${CRDS} cannot be read: the server answers 429, and asks to come back in 61 s`],
    requests: 1,
    slept: [],
  });
});

test('an address that does not exist is not tried again', async () => {
  expect(await told(busy(404))).toEqual({
    said: [`${CRDS} cannot be read: the server answers 404`],
    requests: 1,
    slept: [],
  });
});

test('an answer without end is cut off', async () => {
  const megabytes = new Uint8Array(8 * 1024 * 1024);
  let ended = false;
  const endless = new ReadableStream({
    pull: (stream) => stream.enqueue(megabytes),
    cancel: () => {
      ended = true;
    },
  });
  expect((await told(new Response(endless))).said).toEqual([`${CRDS} cannot be read: it is larger than 64 MB`]);
  expect(ended).toBe(true);
});

test('redirects are followed, and the address is the one that was given', async () => {
  const signed = 'https://cdn.example.com/blob?signature=hunter2';
  const { network, asked } = webOf({
    [CRDS]: [to('/latest')],
    'https://example.com/latest': [to(signed)],
    [signed]: ['a: 1'],
  });
  const { inputs, findings } = await readInputs(CRDS, network);
  expect(findings).toEqual([]);
  expect(inputs.map(({ name, location, text }) => [name, location, text])).toEqual([[CRDS, CRDS, 'a: 1']]);
  expect(asked).toEqual([CRDS, 'https://example.com/latest', signed]);
});

test('redirects never leave https, not even to come back, and end after five', async () => {
  const leaves = {
    said: [`${CRDS} cannot be read: it redirects to an address that is not https`],
    requests: 1,
    slept: [],
  };
  expect(await told(to('http://example.com/crds.yaml'))).toEqual(leaves);
  expect(await told(to('https://'))).toEqual(leaves);
  expect(await told(...Array.from({ length: 6 }, () => to(CRDS)))).toEqual({
    said: [`${CRDS} cannot be read: it redirects more than 5 times`],
    requests: 6,
    slept: [],
  });
});

const PLAIN = 'cannot be read: only https addresses are read, so that nobody can change a schema on the way';
const CREDENTIALS = 'cannot be read: the address carries credentials, which would be written to sources.yaml';
const QUERY =
  'cannot be read: the address has a query or fragment, which may be a secret and would be written to sources.yaml';

test.each([
  ['http://user:hunter2@example.com/x?a=hunter2', 'http://example.com/x', PLAIN],
  ['ftp://example.com/x', 'ftp://example.com/x', PLAIN],
  ['https://user:hun/ter2@example.com/x', 'https://…', PLAIN],
  ['https://hunter2@example.com/x', 'https://example.com/x', CREDENTIALS],
  ['https://user:hunter2@example.com/x?token=hunter2', 'https://example.com/x', CREDENTIALS],
  ['https:user:hunter2@example.com/x', 'https://example.com/x', CREDENTIALS],
  ['https://example.com/x?token=hunter2', 'https://example.com/x', QUERY],
  ['https://example.com/x#hunter2', 'https://example.com/x', QUERY],
  ['HTTPS://EXAMPLE.com/x?raw=true', 'https://example.com/x', QUERY],
])('%s is refused before anything is sent', async (location, file, message) => {
  const { inputs, findings } = await readInputs(location, OFFLINE);
  expect(inputs).toEqual([]);
  expect(findings.map(({ id, where, message: said }) => [id, where, said])).toEqual([
    ['import/unreadable', { file }, message],
  ]);
});

test('who gave an address with a query is told what to give instead', async () => {
  const { findings } = await readInputs('https://github.com/acme/crds/blob/main/x.yaml?raw=true', OFFLINE);
  expect(findings.map(({ fix }) => fix)).toEqual([
    'download the file and import it from disk; files of GitHub are at raw.githubusercontent.com without a query',
  ]);
});
