import { findingOf, type Rule } from '../core/finding.ts';

/** What may be wrong with a repository, or with what is asked of it. */
export const GIT_RULES = [
  {
    id: 'git/missing',
    severity: 'error',
    summary: 'The program git is installed.',
    source: 'ours: history and commits are asked of git itself, so that its configuration, hooks and keys count',
  },
  {
    id: 'git/repository',
    severity: 'error',
    summary: 'The folder is in a Git repository that belongs to the user who runs the command.',
    source: 'git config, safe.directory: git reads no repository of another user',
  },
  {
    id: 'git/no-work-tree',
    severity: 'error',
    summary: 'What compares or commits files on the disk runs in a checkout, not in a bare repository.',
    source: 'gitglossary: a bare repository has no working tree',
  },
  {
    id: 'git/ref',
    severity: 'error',
    summary: 'A branch, tag or commit that is named exists, and is no option of git.',
    source: 'gitrevisions; a name with a dash in front would be read as an option',
  },
  {
    id: 'git/path',
    severity: 'error',
    summary: 'A path is relative to the folder, stays in it, and can be put under version control.',
    source: 'ours: a command touches what it was given and nothing else',
  },
  {
    id: 'git/no-merge-base',
    severity: 'error',
    summary: 'Two commits that are compared have a common ancestor.',
    source: 'git merge-base: there is nothing to compare with otherwise',
  },
  {
    id: 'git/shallow',
    severity: 'warning',
    summary: 'History is complete where it is asked for.',
    source: 'git clone --depth: the oldest commit that is there looks as if it had added every file',
  },
  {
    id: 'git/detached',
    severity: 'error',
    summary: 'A commit goes to a branch.',
    source: 'git checkout, detached HEAD: a commit on no branch is lost with the next checkout',
  },
  {
    id: 'git/branch',
    severity: 'error',
    summary: 'A new branch has a name that git allows and no other branch has.',
    source: 'git check-ref-format; ours: a branch of others is never moved',
  },
  {
    id: 'git/staged',
    severity: 'error',
    summary: 'A file that is committed is not staged with another content.',
    source: 'ours: git commit --only would drop what somebody staged',
  },
  {
    id: 'git/busy',
    severity: 'error',
    summary: 'No merge, rebase, cherry-pick or revert is under way, and no file is in conflict.',
    source:
      'git commit: a partial commit cannot be made during a merge; ours: a transition must not end up inside of one',
  },
  {
    id: 'git/message',
    severity: 'error',
    summary: 'A commit has a subject.',
    source: 'git commit: aborts on an empty message',
  },
  {
    id: 'git/identity',
    severity: 'error',
    summary: 'Git knows the name and the address of who commits.',
    source: 'git commit: refuses an empty identity',
  },
  {
    id: 'git/signing',
    severity: 'error',
    summary: 'A commit is signed where git is set up to sign.',
    source: 'git config, commit.gpgSign; ours: no unsigned commit instead',
  },
  {
    id: 'git/failed',
    severity: 'error',
    summary: 'Git does what it is asked to, and the hooks of the repository agree.',
    source: 'git or a hook refused; its own words are in the message',
  },
] as const satisfies readonly Rule[];

/** A finding of one of these rules. */
export const gitFinding = findingOf(GIT_RULES);
