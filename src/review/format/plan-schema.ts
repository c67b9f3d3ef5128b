import { z } from 'zod';

/**
 * The form of `ai-service plan --format json`, from which `schema/plan.schema.json` is made. Nothing reads a plan with it at
 * run time; `src/review/plan.ts` has the types.
 */

const count = z.int().min(0);
const index = z.int().min(0);
const risk = z.enum(['low', 'medium', 'high']).meta({ id: 'Risk', description: 'How much a change may hurt.' });

const place = z
  .strictObject({
    folder: z.string().meta({
      description: 'Folder below the root of the tree: that of the service on a cluster, else that of the file.',
    }),
    environment: z
      .string()
      .optional()
      .meta({ description: 'Environment; missing where the tree does not say it, as for all that follows.' }),
    cluster: z.string().optional().meta({ description: 'Cluster.' }),
    team: z.string().optional().meta({ description: 'Team that owns the service.' }),
    service: z.string().optional().meta({ description: 'Service.' }),
  })
  .meta({ id: 'Place', description: 'Where in the tree a change happens.' });

const reason = z
  .strictObject({
    rule: z.string().meta({ description: 'Id of the rule, as docs/plan.md lists it: `risk/traffic-step`.' }),
    risk,
    text: z.string().meta({ description: 'In words, with the values: `the next step of the policy is 25 %`.' }),
  })
  .meta({ id: 'Reason', description: 'Why a change has its risk.' });

const statement = z
  .strictObject({
    text: z
      .string()
      .meta({ description: 'The sentence without the places: `fraud-detector sends 25 % (was 10 %) to v47`.' }),
    subject: z.string().meta({ description: 'What the sentence is about: the service, else the object or folder.' }),
    places: z.array(place).readonly().meta({ description: 'Where it happens, sorted.' }),
    where: z.string().meta({
      description:
        'The places as said: `prod-eu, prod-us`; with the clusters where only some of an environment change.',
    }),
    risk,
    reasons: z
      .array(reason)
      .readonly()
      .meta({ description: 'Most risky first; the highest is the risk of the statement.' }),
    entries: z.array(index).readonly().meta({ description: 'Indices in `entries` of what it explains.' }),
  })
  .meta({ id: 'Statement', description: 'One change of meaning, in one sentence, wherever it happens.' });

const cell = z
  .strictObject({
    subject: z.string().meta({ description: 'The service, else the object or folder.' }),
    service: z.boolean().meta({ description: 'Whether the subject is a service.' }),
    environment: z.string().meta({ description: 'Empty where the place has none.' }),
    risk,
    statements: z.array(index).readonly().meta({ description: 'Indices in `statements`, most risky first.' }),
  })
  .meta({ id: 'Cell', description: 'One service (or other subject) in one environment.' });

const segment = z.union([z.string(), z.number(), z.record(z.string(), z.unknown()).readonly()]).meta({
  id: 'Segment',
  description:
    "Name of a field, place in an ordered list, or what names an item of a list without order: `{ name: 'x' }`, and `{ '': value }` for an item that is its own name.",
});

const change = z
  .strictObject({
    op: z.enum(['add', 'remove', 'change']).meta({
      description:
        '`add` puts a field or an item there, before what has this place in an ordered list; `remove` takes it away.',
    }),
    path: z.array(segment).readonly().meta({ description: 'Where in the object.' }),
    field: z.string().meta({ description: 'The path for people: `spec.http[default].timeout`.' }),
    before: z.unknown().optional().meta({ description: 'What is there before; missing for `add`.' }),
    after: z.unknown().optional().meta({ description: 'What is there after; missing for `remove`.' }),
    moved: z.array(segment).readonly().optional().meta({
      description:
        'Of an item that only moved: the path of its other half, a `remove` where it was and an `add` where it is.',
    }),
  })
  .meta({
    id: 'Change',
    description:
      'One difference within an object. Applied one after the other, all of them turn the one into the other.',
  });

const placed = z
  .strictObject({
    file: z.string().meta({ description: 'File below the root of the tree.' }),
    object: z.looseObject({ apiVersion: z.string(), kind: z.string() }).meta({
      description: 'The object; values that look like secrets are `[redacted 1]`, the same mark for the same value.',
    }),
  })
  .meta({ id: 'Placed', description: 'An object of a tree, and the file that holds it.' });

const changes = z.array(change).readonly();
const none = z.array(change).max(0).readonly().meta({ description: 'Empty: all of it came or went.' });
const objectEntry = { type: z.literal('object'), place, risk };

const entry = z
  .union([
    z.strictObject({ ...objectEntry, change: z.literal('added'), after: placed, changes: none }),
    z.strictObject({ ...objectEntry, change: z.literal('removed'), before: placed, changes: none }),
    z.strictObject({
      ...objectEntry,
      change: z.enum(['changed', 'replaced']).meta({
        description:
          '`replaced`: another name or namespace, so that the cluster deletes the one and creates the other.',
      }),
      before: placed,
      after: placed,
      changes,
    }),
    z.strictObject({
      type: z.literal('document'),
      place,
      risk,
      change: z.enum(['added', 'removed', 'changed']),
      file: z.string().meta({ description: 'File below the root of the tree.' }),
      before: z
        .unknown()
        .optional()
        .meta({ description: 'What it held; missing for what is binary or too large to read.' }),
      after: z.unknown().optional().meta({ description: 'What it holds.' }),
      changes,
    }),
  ])
  .meta({ id: 'Entry', description: 'One changed object or file.' });

const share = z
  .strictObject({
    release: z.string().meta({ description: 'Name of the release.' }),
    weight: z.number().meta({ description: 'Per cent of the requests.' }),
    mirror: z.number().optional().meta({ description: 'Per cent of the requests whose copies it gets.' }),
    header: z.string().optional().meta({ description: 'The header that sends a request here: `x-canary: always`.' }),
    parts: z
      .array(
        z.strictObject({
          part: z.string().meta({ description: '`function`, `predictor`.' }),
          kind: z.string().meta({ description: 'Kind of the workload.' }),
          name: z.string().meta({ description: 'Name of the workload.' }),
          model: z.string().optional().meta({ description: 'URI of the model.' }),
          replicas: z.string().optional().meta({ description: '`2 to 20`.' }),
        }),
      )
      .readonly()
      .meta({ description: 'What runs for it, the one that requests reach first before the others.' }),
  })
  .meta({ id: 'Share', description: 'One release behind an entry.' });

const routes = z
  .strictObject({
    hosts: z.array(z.string()).readonly().meta({ description: 'Hosts by which callers reach the service.' }),
    public: z.boolean().meta({ description: 'Whether callers from outside of the cluster reach it.' }),
    releases: z.array(share).readonly().meta({ description: 'Who answers.' }),
  })
  .meta({ id: 'Routes', description: 'A service as callers see it.' });

const finding = z
  .strictObject({
    id: z.string().meta({ description: 'Id of the rule, as docs/checks.md lists it.' }),
    severity: z.enum(['error', 'warning', 'info']),
    where: z.strictObject({
      service: z.string().optional(),
      environment: z.string().optional(),
      cluster: z.string().optional(),
      object: z.string().optional(),
      field: z.string().optional(),
      file: z.string().optional(),
      line: count.optional(),
      column: count.optional(),
    }),
    message: z.string().meta({ description: 'What is wrong, and why.' }),
    fix: z.string().meta({ description: 'What to do.' }),
  })
  .meta({ id: 'Finding', description: 'What could not be read, or had to be assumed.' });

/** A plan as JSON. */
export const planSchema = z
  .strictObject({
    version: z.literal(1).meta({ description: 'Version of this form.' }),
    base: z.string().meta({ description: 'The tree before, as it was named: a commit, a folder.' }),
    head: z.string().meta({ description: 'The tree after.' }),
    risk: z
      .enum(['low', 'medium', 'high', 'none'])
      .meta({ description: 'Highest risk of all statements; `none` when nothing changes.' }),
    totals: z
      .strictObject({
        services: count,
        environments: count,
        objects: z.strictObject({ added: count, changed: count, replaced: count, removed: count }),
        statements: z.strictObject({ high: count, medium: count, low: count }),
      })
      .meta({ description: 'How many of everything.' }),
    statements: z.array(statement).readonly().meta({ description: 'Most risky first, then by place and subject.' }),
    cells: z.array(cell).readonly().meta({ description: 'What happens to each subject in each environment.' }),
    entries: z
      .array(entry)
      .readonly()
      .meta({ description: 'Changed objects and files, sorted by place and identity.' }),
    topologies: z
      .array(
        z
          .strictObject({
            place,
            before: routes.optional().meta({ description: 'Missing where the service was not there.' }),
            after: routes.optional().meta({ description: 'Missing where it is no more.' }),
          })
          .meta({ id: 'Topology', description: 'Who answers requests of a service at one place.' }),
      )
      .readonly()
      .meta({ description: 'One for each changed service and cluster; empty where nobody asked for them.' }),
    findings: z.array(finding).readonly().meta({ description: 'What could not be read, and what had to be assumed.' }),
  })
  .meta({
    title: 'Plan',
    description: 'What a change from one GitOps tree to another means: the output of `ai-service plan --format json`.',
  });
