import type { Finding } from '../core/finding.ts';
import type { DocumentChange, ObjectChange } from './compare.ts';
import type { Place } from './unit.ts';

/** How much a change may hurt. */
export type Risk = 'low' | 'medium' | 'high';

/** Why a change has its risk. */
export interface Reason {
  /** Id of the rule, as docs/plan.md lists it: `risk/traffic-step`. */
  readonly rule: string;
  readonly risk: Risk;
  /** In words, with the values: `the policy's next step is 25 %`. */
  readonly text: string;
}

/** One change of meaning, in one sentence, wherever it happens. */
export interface Statement {
  /** The sentence without the places: `fraud-detector sends 25 % (was 10 %) to v47`. */
  readonly text: string;
  /** What the sentence is about: the service, else the object. */
  readonly subject: string;
  /** Where it happens, sorted. */
  readonly places: readonly Place[];
  /** The places as said: `prod-eu, prod-us`; with the cluster where only some clusters of an environment change. */
  readonly where: string;
  /** The highest of its reasons; low when there is none. */
  readonly risk: Risk;
  readonly reasons: readonly Reason[];
  /** Indices in `entries` of what it explains. */
  readonly entries: readonly number[];
}

/** One changed object or file, for the details. */
export type Entry = { readonly place: Place; readonly risk: Risk } & (
  ({ readonly type: 'object' } & ObjectChange) | ({ readonly type: 'document' } & DocumentChange)
);

/** One service (or other subject) in one environment (or folder). */
export interface Cell {
  readonly subject: string;
  /** Whether the subject is a service. */
  readonly service: boolean;
  /** Empty where the place has none. */
  readonly environment: string;
  readonly risk: Risk;
  /** Indices in `statements`, most risky first. */
  readonly statements: readonly number[];
}

/** Who answers requests of a service at one place: its entry, the releases behind it and their shares. */
export interface Topology {
  readonly place: Place;
  readonly before: Routes | undefined;
  readonly after: Routes | undefined;
}

/** A service as callers see it. */
export interface Routes {
  readonly hosts: readonly string[];
  /** Whether callers from outside of the cluster reach it. */
  readonly public: boolean;
  readonly releases: readonly Share[];
}

/** One release behind an entry. */
export interface Share {
  readonly release: string;
  /** Per cent of the requests. */
  readonly weight: number;
  /** Per cent of the requests whose copies it gets. */
  readonly mirror?: number;
  /** The header that sends a request here: `x-canary: always`. */
  readonly header?: string;
  /** Parts that run for it, the one that requests reach first before the others: `function`, `predictor`. */
  readonly parts: readonly {
    readonly part: string;
    readonly kind: string;
    readonly name: string;
    readonly model?: string;
    readonly replicas?: string;
  }[];
}

/** What a change of trees means. Plain data: `--format json` prints it, `schema/plan.schema.json` describes it. */
export interface Plan {
  /** Version of this form. */
  readonly version: 1;
  /** The trees, as they were named: commits, folders. */
  readonly base: string;
  readonly head: string;
  /** Highest risk of all statements; `none` when nothing changes. */
  readonly risk: Risk | 'none';
  readonly totals: {
    readonly services: number;
    readonly environments: number;
    readonly objects: {
      readonly added: number;
      readonly changed: number;
      readonly replaced: number;
      readonly removed: number;
    };
    readonly statements: Readonly<Record<Risk, number>>;
  };
  /** Most risky first, then by place and subject. */
  readonly statements: readonly Statement[];
  readonly cells: readonly Cell[];
  /** Sorted by place and identity. */
  readonly entries: readonly Entry[];
  /** One for each changed service and cluster; empty where nobody asked for them. */
  readonly topologies: readonly Topology[];
  /** What could not be read, and what had to be assumed. */
  readonly findings: readonly Finding[];
}
