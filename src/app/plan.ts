import { join, resolve } from 'node:path';
import { createCatalogue, OWN_IMPORTS } from '../check/schema/catalogue.ts';
import { refused, type Answer } from '../core/answer.ts';
import { openRepository } from '../git/repository.ts';
import { makePlan } from '../review/make-plan.ts';
import type { Plan } from '../review/plan.ts';
import { planFinding } from '../review/rules.ts';
import { folderTrees, gitTrees, type Trees } from '../review/trees.ts';

/** Which trees to compare: those of two folders, or of two commits of a checkout. */
export type PlanRequest =
  | { readonly from: string; readonly to: string }
  | {
      /** The checkout, and the folder of the tree in it. */
      readonly gitops: string;
      readonly tree: string;
      readonly base: string;
      /** The files on the disk when it is missing. */
      readonly head?: string;
    };

/**
 * What a change of the GitOps tree means. Needs the trees alone: no sources, no cluster, no network.
 *
 * @param topology whether to say who answers requests before and after, which reads more files.
 * @example (await planChange({ gitops: '.', tree: 'gitops', base: 'origin/main' }, false)).value?.risk // 'medium'
 */
export async function planChange(request: PlanRequest, topology: boolean): Promise<Answer<Plan>> {
  const trees = await treesOf(request);
  if (trees.value === undefined) return trees;
  const project = 'gitops' in request ? request.gitops : '.';
  try {
    return await makePlan(trees.value, {
      schemas: createCatalogue([OWN_IMPORTS, resolve(join(project, 'imports'))]),
      topology,
    });
  } catch (error) {
    const { code, path, syscall } = error as NodeJS.ErrnoException;
    // What the disk refuses: a folder that only others may list.
    if (code === undefined || path === undefined || syscall === undefined) throw error;
    return refused(
      planFinding(
        'plan/not-read',
        { file: path },
        `it cannot be read: ${code}`,
        'let the user that runs the command read it',
      ),
    );
  }
}

async function treesOf(request: PlanRequest): Promise<Answer<Trees>> {
  if ('from' in request) return folderTrees(request.from, request.to);
  const { gitops, tree, base, head } = request;
  const repository = await openRepository(gitops);
  return repository.value === undefined
    ? repository
    : gitTrees(repository.value, gitops, { base, tree, ...(head !== undefined && { head }) });
}
