/**
 * A pattern of a schema as a JavaScript regular expression. Kubernetes reads patterns as RE2; the two agree but for
 * inline flags and a few escapes. `(?i)`, in front or inside a group, becomes the flag for the whole pattern, which
 * can only accept more. `undefined` when there is no translation.
 *
 * @example translatePattern('^(?i)(abort|warn)?$') // /^(abort|warn)?$/iu
 */
export function translatePattern(pattern: string): RegExp | undefined {
  const source = pattern
    .replaceAll('(?i)', '')
    .replaceAll('(?s)', '')
    .replaceAll('(?P<', '(?<')
    .replace(/^\\A/, '^')
    .replace(/\\z$/, '$');
  const flags = (pattern.includes('(?i)') ? 'i' : '') + (pattern.includes('(?s)') ? 's' : '');
  // Code points, as in RE2; but with `u` JavaScript refuses needless escapes, which RE2 allows.
  return build(source, `${flags}u`) ?? build(source, flags);
}

function build(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}
