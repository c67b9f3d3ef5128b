import { findingOf, type Rule } from '../core/finding.ts';

/**
 * What may be wrong with anything that a schema of the vocabulary describes: a service, the platform, a reference file,
 * a file of the release store.
 */
export const SERVICE_RULES = [
  {
    id: 'service/unknown-field',
    severity: 'error',
    summary: 'Every field is one that the vocabulary has.',
    source: 'ours: a misspelt field would be a wish that nobody hears',
  },
  {
    id: 'service/required',
    severity: 'error',
    summary: 'Required fields are there.',
    source: 'the schemas of the vocabulary',
  },
  {
    id: 'service/value',
    severity: 'error',
    summary: 'Every value is of the kind, and in the range, that its field says.',
    source: 'the schemas of the vocabulary: quantities, durations, names, pinned images and models, weights, …',
  },
  {
    id: 'service/name',
    severity: 'error',
    summary: 'The name of a service can be the name of a Kubernetes Service.',
    source: 'RFC 1035; Kubernetes 1.33 validates names of Services so',
  },
  {
    id: 'service/duplicate',
    severity: 'error',
    summary: 'A platform has one service of a name.',
    source: 'ours: a name is one address for life',
  },
  {
    id: 'service/unknown-environment',
    severity: 'error',
    summary: 'Overrides and `environments` name environments and stages of the platform.',
    source: 'ours: an override of an environment that is not there would be lost',
  },
  {
    id: 'service/unused-override',
    severity: 'warning',
    summary: 'Overrides are for environments and stages that the service runs in.',
    source: 'ours: an override that nothing uses is one in the wrong place, or left over',
  },
] as const satisfies readonly Rule[];

/** A finding of one of these rules. */
export const serviceFinding = findingOf(SERVICE_RULES);
