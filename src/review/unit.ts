import type { KubeObject } from '../core/object.ts';
import type { DocumentChange, ObjectChange } from './compare.ts';

/** Where in the tree a change happens. Missing parts are not known, as in a tree that another tool wrote. */
export interface Place {
  /** Folder below the root of the tree: that of the service on a cluster, else the one of the file. */
  readonly folder: string;
  readonly environment?: string;
  readonly cluster?: string;
  readonly team?: string;
  readonly service?: string;
}

/** What `argocd-app.json` says of a service on a cluster; see docs/gitops-tree.md. Read with care: anybody may have written it. */
export type Descriptor = Readonly<Record<string, unknown>>;

/** All that differs at one place, and what the sentences need to know beside it. */
export interface ChangedUnit {
  readonly place: Place;
  /** Where a service was that another team has now: what went there is of this unit, too. */
  readonly from?: Place;
  /** The descriptor in both trees, changed or not. */
  readonly descriptor: { readonly before?: Descriptor; readonly after?: Descriptor };
  readonly objects: readonly ObjectChange[];
  readonly documents: readonly DocumentChange[];
  /** Objects of the same place that are alike in both trees, as far as `besideNeeded` asked for their kinds. */
  readonly beside: readonly KubeObject[];
}
