import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readInputs } from '../../src/import/input.ts';
import { folderOf } from './fixture.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Answers every request with the next of these; what is no response is thrown. */
function answers(...replies: (Response | Error)[]): ReturnType<typeof vi.fn> {
  const fetched = vi.fn(() => {
    const reply = replies.shift() ?? new Error('one request too many');
    return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
  });
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

async function fetchNow(location: string): ReturnType<typeof readInputs> {
  const reading = readInputs(location);
  await vi.runAllTimersAsync();
  return reading;
}

test('a folder is read with its sub-folders, sorted, manifests only', async () => {
  const folder = await folderOf({
    'b.yaml': 'b',
    'a/c.json': 'c',
    'a/d.YML': 'd',
    'README.md': 'no',
    '.git/e.yaml': 'no',
    'node_modules/f.yaml': 'no',
  });
  const { inputs, findings } = await readInputs(folder);
  expect(findings).toEqual([]);
  expect(inputs.map(({ name, location, text }) => [name, location, text])).toEqual([
    ['a/c.json', join(folder, 'a/c.json'), 'c'],
    ['a/d.YML', join(folder, 'a/d.YML'), 'd'],
    ['b.yaml', join(folder, 'b.yaml'), 'b'],
  ]);
});

test('a file is named without its folder, and known by the digest of its bytes', async () => {
  const folder = await folderOf({ 'a.yaml': 'a: ü\n' });
  const { inputs } = await readInputs(join(folder, 'a.yaml'));
  const digest = `sha256:${createHash('sha256').update('a: ü\n').digest('hex')}`;
  expect(inputs).toEqual([{ name: 'a.yaml', location: join(folder, 'a.yaml'), text: 'a: ü\n', digest }]);
});

test('what is not there, an empty folder and a missing file of a folder are errors', async () => {
  const folder = await folderOf({ 'README.md': '' });
  const messages = async (location: string, only?: string[]) =>
    (await readInputs(location, only)).findings.map(({ id, severity, message }) => [id, severity, message]);
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

test('an https address is read', async () => {
  const fetched = answers(new Response('a: 1'));
  const { inputs } = await fetchNow('https://example.com/crds.yaml');
  expect(inputs.map(({ name, text }) => [name, text])).toEqual([['https://example.com/crds.yaml', 'a: 1']]);
  expect(fetched).toHaveBeenCalledTimes(1);
});

test('a failing network or server is tried three times', async () => {
  answers(
    new TypeError('fetch failed', { cause: new Error('ECONNRESET') }),
    new Response('', { status: 503 }),
    new Response('ok'),
  );
  expect((await fetchNow('https://example.com/x')).inputs).toHaveLength(1);
  const fetched = answers(
    ...Array.from({ length: 3 }, () => new TypeError('fetch failed', { cause: new Error('ECONNRESET') })),
  );
  const { findings } = await fetchNow('https://example.com/x');
  expect(findings.map(({ message }) => message)).toEqual(['cannot be read: ECONNRESET (tried 3 times)']);
  expect(fetched).toHaveBeenCalledTimes(3);
});

test('an address that does not exist is not tried again', async () => {
  const fetched = answers(new Response('', { status: 404, statusText: 'Not Found' }));
  const { findings } = await fetchNow('https://example.com/x');
  expect(findings.map(({ message }) => message)).toEqual(['cannot be read: the server answers 404 Not Found']);
  expect(fetched).toHaveBeenCalledTimes(1);
});

test('an answer without end is cut off', async () => {
  const megabytes = new Uint8Array(8 * 1024 * 1024);
  answers(new Response(new ReadableStream({ pull: (stream) => stream.enqueue(megabytes) })));
  const { findings } = await fetchNow('https://example.com/x');
  expect(findings.map(({ message }) => message)).toEqual(['cannot be read: it is larger than 64 MB']);
});

test('plain http, other protocols and credentials are refused before anything is sent', async () => {
  const fetched = answers();
  const all = await Promise.all(
    ['http://example.com/x', 'ftp://example.com/x', 'https://user:secret@example.com/x'].map(fetchNow),
  );
  expect(all.map(({ findings }) => findings[0]?.message)).toEqual([
    'cannot be read: only https addresses are read, so that nobody can change a schema on the way',
    'cannot be read: only https addresses are read, so that nobody can change a schema on the way',
    'cannot be read: the address carries credentials, which would be written to sources.yaml',
  ]);
  expect(JSON.stringify(all)).not.toContain('secret');
  expect(fetched).not.toHaveBeenCalled();
});
