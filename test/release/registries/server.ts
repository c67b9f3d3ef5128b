import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request that a server got; `host` is the one that was meant, also when the requests of a cloud come here instead. */
export interface Seen {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a server answers: 200 with JSON, unless it says otherwise. */
export interface Answers {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
}

/** By method and path, the host in front where it matters: `GET /api/2.0/…`, `GET storage.googleapis.com/storage/…`. */
export type Routes = Readonly<Record<string, Answers | ((seen: Seen) => Answers)>>;

export interface Server {
  readonly url: string;
  readonly host: string;
  readonly seen: readonly Seen[];
}

/** A server of this test alone; what it has no route for is 404 with an empty object. */
export async function serve(routes: Routes): Promise<Server> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const meant = request.headers['x-test-host'];
      const one: Seen = {
        method: request.method ?? '',
        host: typeof meant === 'string' ? meant : (request.headers.host ?? ''),
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(one);
      const route = routes[`${one.method} ${one.host}${one.path}`] ??
        routes[`${one.method} ${one.path}`] ?? { status: 404, json: {} };
      const { status = 200, headers = {}, json, text } = typeof route === 'function' ? route(one) : route;
      response.writeHead(status, headers).end(text ?? (json === undefined ? '' : JSON.stringify(json)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `http://${host}`, host, seen };
}
