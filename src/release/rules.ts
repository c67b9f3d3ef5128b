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
    id: 'release/merge-conflict',
    severity: 'error',
    summary: 'A file of the release store holds no markers of a merge.',
    source: 'git merge: lines of both sides, between <<<<<<< and >>>>>>>',
  },
  {
    id: 'release/repair',
    severity: 'error',
    summary: 'The two sides of a merged state agree on what serves, and one of them is the safer one.',
    source: 'ours: the rule in docs/trail.md; what it does not decide, people do',
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
    id: 'release/no-state',
    severity: 'error',
    summary: 'A release command finds a state of the service in the environment.',
    source: 'ours: without one nobody knows what serves',
  },
  {
    id: 'release/stray-state',
    severity: 'warning',
    summary: 'A state is that of a service that the platform has, in the folder of its environment and team.',
    source: 'ours: nothing reads it elsewhere, and the service is rendered as if it had none',
  },
  {
    id: 'release/illegal-move',
    severity: 'error',
    summary: 'A move is one that the state of the service allows.',
    source: 'ours: the table of moves in docs/releases.md',
  },
  {
    id: 'release/off-policy',
    severity: 'error',
    summary: 'A candidate gets what its step of the policy says.',
    source: 'ours: a weight that somebody wrote by hand has passed no gate',
  },
  {
    id: 'release/in-place',
    severity: 'error',
    summary: 'A service that is replaced in place has no candidate on its way.',
    source: 'ours: one workload cannot split its requests between two releases',
  },
  {
    id: 'release/stage-order',
    severity: 'error',
    summary: 'A release is promoted in the order of the stages.',
    source: 'ours: what was tested is what ships',
  },
  {
    id: 'release/not-finished',
    severity: 'error',
    summary: 'A release is promoted after it serves in the earlier stage.',
    source: 'ours: what was tested is what ships; Kargo calls it verifiedIn',
  },
  {
    id: 'release/not-released',
    severity: 'info',
    summary: 'A service that is released somewhere is released wherever it is to run.',
    source: 'ours: a release enters at the first stage and is promoted, so that later stages wait for it',
  },
  {
    id: 'release/entry',
    severity: 'error',
    summary:
      'Releases enter at the first stage, or where the environment says `entry: true`, and are promoted from there.',
    source: 'ours: what was tested is what ships',
  },
  {
    id: 'release/serves-already',
    severity: 'error',
    summary: 'A first release names the workloads that serve already.',
    source: 'ours: the commit would take them down while their requests still come',
  },
  {
    id: 'release/image',
    severity: 'error',
    summary: 'A first release has the images that serve already, on all clusters.',
    source: 'ours: a record pins one image, and what only records must not restart what serves',
  },
  {
    id: 'release/request',
    severity: 'error',
    summary: 'A release command asks for parts, models, images and registries that there are.',
    source: 'ours: what nobody has cannot be locked',
  },
  {
    id: 'lock/alias-moved',
    severity: 'info',
    summary: 'The alias that a release was locked by still means the version that serves.',
    source: 'ours: a newer version may be wanted',
  },
  {
    id: 'lock/version-deleted',
    severity: 'warning',
    summary: 'The registry still has the version of each model that a state names.',
    source: 'ours: a model without its registry entry has no history',
  },
  {
    id: 'lock/version-recreated',
    severity: 'warning',
    summary: 'The version in the registry is the one that was locked, and none that was made later under its name.',
    source: 'MLflow 3.14 counts from 1 again when a registered model is deleted and made again',
  },
  {
    id: 'lock/version-recreated-same-bytes',
    severity: 'info',
    summary: 'The version in the registry was not made again, not even with the bytes that were locked.',
    source: 'ours: what serves is what was locked, and where it comes from is told by the release record alone',
  },
  {
    id: 'lock/approval-revoked',
    severity: 'warning',
    summary: 'A version that was approved when it was locked is approved still.',
    source: 'ours: what serves was taken back',
  },
  {
    id: 'lock/bytes-changed',
    severity: 'warning',
    summary: 'The bytes behind a model are those that were locked, at the place that was locked.',
    source: 'ours: KServe checks no bytes when it loads from object storage',
  },
  {
    id: 'lock/unreadable',
    severity: 'error',
    summary: 'Registry, storage and mirrors of what serves can be asked, so that what differs is noticed.',
    source: 'ours: what nobody can read may have changed',
  },
  {
    id: 'lock/out-of-reach',
    severity: 'info',
    summary: 'A model is where more than its cluster can read it, so that it can be verified.',
    source:
      'ours: a volume, HDFS or a folder behind https answers nobody who verifies; that is no reason to fail for ever',
  },
  {
    id: 'release/uncommitted',
    severity: 'error',
    summary: 'What a move commits differs from Git by that move alone.',
    source: 'ours: one commit per transition',
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
