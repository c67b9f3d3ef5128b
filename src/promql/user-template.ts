import type { Template } from './rule.ts';

/** An annotation that somebody else wrote: the text, and the labels of the alert that it reads. */
export interface UserTemplate {
  readonly text: Template;
  readonly labels: readonly string[];
}

/** Functions of Prometheus' template language that print a number. */
const OF_NUMBERS = ['humanize', 'humanize1024', 'humanizeDuration', 'humanizePercentage', 'humanizeTimestamp'];

/** Functions that print a text. */
const OF_TEXTS = ['toUpper', 'toLower', 'title'];

const NUMBER = new RegExp(`^\\$value(?:\\s*\\|\\s*(?:${OF_NUMBERS.join('|')}|printf\\s+"%[\\d.]*[efg]%{0,2}"))?$`);
const NUMBER_BY_PRINTF = /^printf\s+"%[\d.]*[efg](?:%%)?"\s+\$value$/;
const LABEL = new RegExp(`^\\$labels\\.([a-zA-Z_]\\w*)(?:\\s*\\|\\s*(?:${OF_TEXTS.join('|')}))?$`);

/**
 * Reads an annotation with placeholders. A small part of the template language is allowed, that which cannot fail while an
 * alert fires: `{{ $value }}`, `{{ $value | humanize }}`, `{{ printf "%.2f" $value }}`, `{{ $labels.name }}`.
 *
 * @returns `undefined` in place of the template, and the placeholder that is not allowed, when there is one.
 */
export function readTemplate(
  text: string,
):
  | { readonly template: UserTemplate; readonly wrong?: undefined }
  | { readonly template?: undefined; readonly wrong: string } {
  const labels: string[] = [];
  let rest = text;
  for (let start = rest.indexOf('{{'); start >= 0; start = rest.indexOf('{{')) {
    const end = rest.indexOf('}}', start);
    const placeholder = end < 0 ? rest.slice(start) : rest.slice(start, end + 2);
    const inner = placeholder.slice(2, -2).trim();
    const label = LABEL.exec(inner)?.[1];
    if (end < 0 || !(label !== undefined || NUMBER.test(inner) || NUMBER_BY_PRINTF.test(inner)))
      return { wrong: placeholder.slice(0, 60) };
    if (label !== undefined) labels.push(label);
    rest = rest.slice(end + 2);
  }
  return { template: { text: text as Template, labels } };
}
