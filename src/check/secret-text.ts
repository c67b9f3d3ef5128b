import { remember } from '../core/remember.ts';

/** Telling a secret from other text, by the name it stands under and by its own form. */

/** Last words of names that secrets have. Only the singular: tokens are what language models count. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'credential',
  'credentials',
  'apikey',
  'accesskey',
  'secretkey',
  'privatekey',
]);

/** Words before `key` that make it a secret one. */
const KEY_WORDS: ReadonlySet<string> = new Set([
  'api',
  'access',
  'secret',
  'private',
  'signing',
  'encryption',
  'auth',
  'master',
  'account',
  'license',
  'shared',
]);

/** Words before `token` that make it one of a language model's, or a measure. */
const MODEL_TOKENS: ReadonlySet<string> = new Set([
  'bos',
  'eos',
  'pad',
  'unk',
  'sep',
  'cls',
  'mask',
  'stop',
  'start',
  'end',
  'special',
  'per',
  'max',
  'min',
]);

/** Ends of names that say how the secret is written, not what it is. */
const FORM_WORDS: ReadonlySet<string> = new Set(['base64', 'b64', 'value', 'plain', 'plaintext']);

/**
 * Whether a name is one that secrets have: `HF_TOKEN`, `dbPassword`, `OPENAI_API_KEY_2`, but not `TOKENIZER_PATH`,
 * `MAX_TOKENS`, `DB_SECRET_NAME`, `TOKEN_FILE` or `EOS_TOKEN`, which name something about one or something else.
 */
export const isSecretName = remember((name: string): boolean => {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  while (words.length > 1 && (/^\d+$/.test(words.at(-1)!) || FORM_WORDS.has(words.at(-1)!))) words.pop();
  const last = (words.at(-1) ?? '').replace(/\d+$/, '');
  const before = words.at(-2) ?? '';
  if (last === 'key') return KEY_WORDS.has(before);
  if (last === 'token') return !MODEL_TOKENS.has(before);
  if (last === 'pwd') return before !== '';
  return SECRET_WORDS.has(last);
});

/** Whether text under a secret's name may be the secret: it is not empty, a switch, a number, a path or a reference. */
export function isSecretValue(text: string): boolean {
  return !/^(?:|true|false|yes|no|on|off|none|null|\d{1,5}|\$\([\w.-]+\)|\/[\w.-]+(?:\/[\w.-]+)+)$/i.test(text);
}

/** Forms of keys that are known, by what they are. */
const KEY_FORMS: readonly (readonly [string, RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,})/],
  ['a GitLab token', /\bglpat-[\w-]{20,}/],
  ['a Hugging Face token', /\bhf_[A-Za-z0-9]{30,}/],
  ['an API key of a model provider', /\b(?:sk-(?:proj-|ant-|svcacct-)[\w-]{20,}|sk-[A-Za-z0-9]{32,}|nvapi-[\w-]{40,})/],
  ['a Google API key', /\bAIza[\w-]{35}/],
  ['a Slack token', /\bxox[abeprs]-[\w-]{10,}/],
  ['a Stripe key', /\b[rs]k_live_[A-Za-z0-9]{16,}/],
  ['a Databricks token', /\bdapi[0-9a-f]{32}\b/],
  ['a Vault token', /\bhv[sb]\.[\w-]{20,}/],
  ['an Azure storage key', /\bAccountKey=[A-Za-z0-9+/]{40,}/],
  ['a private key', /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY/],
  ['a JSON Web Token', /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+/],
  // A password by reference, $(NAME) or ${NAME}, is none.
  ['a URL with a password', /:\/\/[^\s/?#:@]*:(?!\$[({][\w.-]+[)}]@)[^\s/?#@]+@/],
];

/** All of them at once: nearly every text is none. */
const ANY_KEY_FORM = new RegExp(KEY_FORMS.map(([, { source }]) => source).join('|'));

/**
 * What key a text holds, or `undefined` when it holds none that is known.
 *
 * @example secretForm('hf_' + 'a'.repeat(34)) // 'a Hugging Face token'
 */
export function secretForm(text: string): string | undefined {
  // The shortest of them has ten characters.
  if (text.length < 10 || !ANY_KEY_FORM.test(text)) return undefined;
  return KEY_FORMS.find(([, form]) => form.test(text))?.[0];
}

/** A name in an argument, and the text that it is given. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
  /** Index of the argument that holds the text. */
  readonly index: number;
}

/** The named values of command-line arguments: `--name=value`, and `--name` before `value`. */
export function namedArguments(args: readonly string[]): NamedText[] {
  return args.flatMap((arg, index): NamedText[] => {
    const [, joined, text] = /^--?([A-Za-z][\w.-]*)=([^]*)$/.exec(arg) ?? [];
    if (joined !== undefined && text !== undefined) return [{ name: joined, text, index }];
    const [, alone] = /^--?([A-Za-z][\w.-]*)$/.exec(arg) ?? [];
    const next = args[index + 1];
    return alone !== undefined && next !== undefined && !next.startsWith('-')
      ? [{ name: alone, text: next, index: index + 1 }]
      : [];
  });
}

/** What makes a named text look like a secret, in words that do not repeat it; `undefined` when nothing does. */
export function secretReason(name: string, text: string): string | undefined {
  const form = secretForm(text);
  if (form !== undefined) return `the value of ${name} looks like ${form}`;
  return isSecretName(name) && isSecretValue(text)
    ? `${name} is the name of a secret, and has a literal value`
    : undefined;
}
