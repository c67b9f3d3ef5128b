/** The parts of a URI that Kubernetes' CEL library shows. */
export interface RequestUri {
  readonly scheme: string;
  /** With port, without user. */
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
}

/**
 * Parses what Go's `url.ParseRequestURI` accepts, which is behind the format `uri` and the CEL function `url()`: an
 * absolute URI or an absolute path. A fragment is part of the path there.
 *
 * @example parseRequestUri('https://example.com:8443/x')?.port // '8443'
 */
export function parseRequestUri(text: string): RequestUri | undefined {
  const match = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/i.exec(text);
  if (!match) return undefined;
  const [, scheme = '', authority = '', path = '', query = ''] = match;
  if (scheme === '' && !text.startsWith('/')) return undefined;
  // Go refuses control characters and broken escapes.
  if (/[\x00-\x1f\x7f]/.test(text) || /%(?![\da-f]{2})/i.test(path)) return undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const hostMatch = /^(\[[^\]\s]*\]|[^:\s[\]]*)(?::(\d*))?$/.exec(host);
  if (!hostMatch) return undefined;
  const [, hostname = '', port = ''] = hostMatch;
  return {
    scheme: scheme.toLowerCase(),
    host,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    path,
    query: parseQuery(query),
  };
}

function parseQuery(text: string): Map<string, string[]> {
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) query.set(name, [...(query.get(name) ?? []), value]);
  return query;
}
