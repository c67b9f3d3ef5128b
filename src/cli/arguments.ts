import { statSync } from 'node:fs';
import { normalize } from 'node:path';
import { InvalidArgumentError } from 'commander';

/** `./gitops/` is `gitops`: paths in commits have one form. */
export function plainFolder(text: string): string {
  return normalize(text).replace(/(?<=.)\/+$/, '');
}

/** A folder that is there: of another one every command would say that it is empty. */
export function existingFolder(text: string): string {
  if (!statSync(text, { throwIfNoEntry: false })?.isDirectory())
    throw new InvalidArgumentError('There is no such folder.');
  return text;
}
