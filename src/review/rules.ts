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
    summary: 'A file of a tree has at most 4 MB.',
    source: 'ours: the API server takes objects of about 1.5 MB (etcd 3.5 --max-request-bytes)',
  },
  {
    id: 'plan/folder',
    severity: 'error',
    summary: 'A folder that is to be compared is there.',
    source: 'ours: a misspelt folder would look like one in which everything was deleted',
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
    source: 'ours',
  },
  {
    id: 'plan/max-risk',
    severity: 'error',
    summary: 'No change has more risk than `--max-risk` allows.',
    source: 'ours: CI stops what somebody has to look at',
  },
] as const satisfies readonly Rule[];

export const planFinding = findingOf(PLAN_RULES);
