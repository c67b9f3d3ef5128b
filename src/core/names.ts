import { compareText } from './finding.ts';
import { remember } from './remember.ts';

/** What names demand, in words for messages: each is true of what its test below takes. */
export const NAME_FORMS = {
  dnsLabel: 'at most 63 lower-case letters, digits and "-", with a letter or digit at both ends',
  dnsSubdomain: 'at most 253 lower-case letters, digits, "-" and ".", with a letter or digit at both ends of each part',
  qualifiedName: '[prefix/]name: the prefix a DNS name, the name at most 63 letters, digits, "-", "_" and "."',
  labelValue: 'at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
} as const;

/**
 * A DNS label (RFC 1123), as most object names and all namespaces are: at most 63 lower-case letters, digits
 * and `-`, with a letter or digit at both ends.
 *
 * @example isDnsLabel('risk-ml') // true
 */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/**
 * A DNS subdomain (RFC 1123): labels joined by dots, at most 253 characters. The limit of 63 per label is not
 * part of it, just as in Kubernetes (apimachinery `IsDNS1123Subdomain`).
 *
 * @example isDnsSubdomain('serving.kserve.io') // true
 */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(text);
}

/**
 * A DNS label that starts with a letter (RFC 1035), as names of core Services and port names of the mesh must.
 *
 * @example isDns1035('47-fraud') // false
 */
export function isDns1035(text: string): boolean {
  return text.length <= 63 && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

/**
 * A key of labels, and other names like it: `[prefix/]name`, the prefix in lower case (apimachinery `IsQualifiedName`).
 *
 * @example isQualifiedName('serving.kserve.io/deploymentMode') // true
 */
export const isQualifiedName = remember((key: string): boolean => {
  const slash = key.indexOf('/');
  if (slash >= 0 && !isDnsSubdomain(key.slice(0, slash))) return false;
  return isNamePart(key.slice(slash + 1));
});

/**
 * A key of annotations: a qualified name once it is in lower case (apimachinery `ValidateAnnotations`).
 *
 * @example isAnnotationKey('Example.com/note') // true
 */
export function isAnnotationKey(key: string): boolean {
  return isQualifiedName(key.toLowerCase());
}

function isNamePart(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/.test(text);
}

/**
 * A value of a label: empty, or the name part of a qualified name (apimachinery `IsValidLabelValue`).
 *
 * @example isLabelValue('v47') // true
 */
export function isLabelValue(text: string): boolean {
  return text === '' || isNamePart(text);
}

/**
 * The readable part of a text as a DNS label of at most `max` characters; accents are dropped, everything else
 * that a label cannot hold becomes one `-`. Empty when nothing readable is there.
 *
 * @example slug('V4.7 (März)', 12) // 'v4-7-marz'
 */
export function slug(text: string, max: number): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, max)
    .replace(/-$/, '');
}

/**
 * The candidate that was probably meant, or `undefined` when none is near: at most a third of the letters
 * differ. Case does not count; of equally near ones the first in code-point order wins.
 *
 * @example didYouMean('minReplica', ['maxReplicas', 'minReplicas']) // 'minReplicas'
 */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    if (Math.abs(word.length - candidate.length) > limit) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance > limit || distance > bestDistance) continue;
    if (distance < bestDistance || best === undefined || compareText(candidate, best) < 0) best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Edits between two texts, a swap of neighbours counts as one (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      current.push(
        Math.min(
          previous[j]! + 1,
          current[j - 1]! + 1,
          previous[j - 1]! + cost,
          swapped ? beforePrevious[j - 2]! + 1 : Infinity,
        ),
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/** Host name of a Service, inside its cluster. */
export function clusterHost(service: string, namespace: string): string {
  return `${service}.${namespace}.svc.cluster.local`;
}
