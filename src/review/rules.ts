import { findingOf, type Rule } from '../core/finding.ts';

/** What may be wrong with the trees that a plan compares. */
export const PLAN_RULES = [
  {
    id: 'plan/syntax',
    severity: 'error',
    summary: 'A file of a tree is what its name says: YAML or JSON without syntax errors and duplicate keys.',
    source: 'ours: nobody can say what a broken file will do; the rest of the plan is still made',
  },
  {
    id: 'plan/duplicate',
    severity: 'error',
    summary: 'No two files of a folder hold the same object.',
    source: 'ours: which of the two wins depends on who applies them',
  },
  {
    id: 'plan/too-large',
    severity: 'warning',
    summary: 'A file of a tree has at most 4 MB, and at most 200 levels.',
    source: 'ours: the API server takes objects of about 1.5 MB (etcd 3.5 --max-request-bytes)',
  },
  {
    id: 'plan/folder',
    severity: 'error',
    summary: 'A folder that is to be compared is there, in at least one of two commits.',
    source: 'ours: a misspelt folder would look like one in which everything was deleted, or nothing changed',
  },
  {
    id: 'plan/not-read',
    severity: 'error',
    summary: 'The files of a tree can be read.',
    source: 'ours: nobody can say what a file will do that only others may read',
  },
  {
    id: 'plan/file-name',
    severity: 'error',
    summary: 'Names of files in a tree are UTF-8.',
    source: 'ours: Git and Argo CD take any bytes, and what cannot be named cannot be reviewed',
  },
  {
    id: 'plan/link',
    severity: 'warning',
    summary: 'A tree has files, not links: what a link leads to is not compared.',
    source: 'ours: a link may lead out of the tree',
  },
  {
    id: 'plan/options',
    severity: 'error',
    summary: 'Options of `ai-service plan` say which two trees to compare.',
    source: 'ours: a plan of other trees than those that were meant is worse than none',
  },
  {
    id: 'plan/output',
    severity: 'error',
    summary: 'The plan can be written to the standard output.',
    source: 'ours: half a plan must not look like a whole one',
  },
  {
    id: 'plan/max-risk',
    severity: 'error',
    summary: 'No change has more risk than `--max-risk` allows.',
    source: 'ours: CI stops what somebody has to look at',
  },
] as const satisfies readonly Rule[];

export const planFinding = findingOf(PLAN_RULES);
