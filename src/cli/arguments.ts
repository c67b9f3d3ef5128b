import { normalize } from 'node:path';

/** `./gitops/` is `gitops`: paths in commits have one form. */
export function plainFolder(text: string): string {
  return normalize(text).replace(/(?<=.)\/+$/, '');
}
