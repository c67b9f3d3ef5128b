/**
 * The `Authorization` header of HTTP basic authentication (RFC 7617), with user and password as UTF-8.
 *
 * @example basicAuth('ann', 'pw') // 'Basic YW5uOnB3'
 */
export function basicAuth(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
