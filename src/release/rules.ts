import { findingOf, type Rule } from '../core/finding.ts';

/** What may be wrong with the release store, or between it and the sources. */
export const RELEASE_RULES = [
  {
    id: 'release/unreadable',
    severity: 'error',
    summary: 'The files of the release store can be read.',
    source: 'the operating system refused',
  },
  {
    id: 'release/name',
    severity: 'error',
    summary: 'A record has the name of its file.',
    source: 'ours: state files find records by name',
  },
  {
    id: 'release/digest',
    severity: 'error',
    summary: 'A record is as it was when it was written: its digest is that of its parts.',
    source: 'ours: what was tested is what ships',
  },
  {
    id: 'release/unknown-release',
    severity: 'error',
    summary: 'A state names releases that have a record.',
    source: 'ours: nothing else says what they run',
  },
  {
    id: 'release/part',
    severity: 'error',
    summary: 'Parts that a record takes over from older releases still fit together.',
    source: 'ours: one InferenceService is one release, and a function calls the models that it was released with',
  },
  {
    id: 'release/not-locked',
    severity: 'error',
    summary: 'A service without a state in the store names models by immutable URI, not by registry.',
    source: 'ours: synth asks no registry',
  },
  {
    id: 'release/override-not-carried',
    severity: 'error',
    summary: 'An override changes nothing that a release pins.',
    source: 'ours: a release is the same in every environment',
  },
  {
    id: 'release/unreleased-edit',
    severity: 'info',
    summary: 'The newest release of an environment runs what the sources say.',
    source: 'ours: an edit of what runs waits for a release, and that should not be a surprise',
  },
] as const satisfies readonly Rule[];

/** A finding of one of these rules. */
export const releaseFinding = findingOf(RELEASE_RULES);
