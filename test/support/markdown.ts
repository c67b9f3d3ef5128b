import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository. */
export const ROOT = join(import.meta.dirname, '../..');

/** All pages, relative to the repository. */
export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Line of its fence, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language on the fence: what the block is. */
  readonly label: string;
  readonly text: string;
}

/** The text of a page. */
export function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const text = textOf(page);
  return [...text.matchAll(/^```(\w+)[ \t]*(.*)\n([^]*?)^```$/gm)].map((match) => {
    const [, language = '', label = '', content = ''] = match;
    return { page, line: text.slice(0, match.index).split('\n').length, language, label: label.trim(), text: content };
  });
}
