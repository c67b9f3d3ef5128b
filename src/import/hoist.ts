import { compareText } from '../core/finding.ts';
import type { Place, Votes } from './names.ts';
import { claimName, mostVoted, nameOf, pascalCase, singular, vote } from './names.ts';
import type { Schema, Step } from './schema.ts';
import { mapParts, partsOf, withDescription, withoutDescription } from './schema.ts';
import { wellKnownName } from './well-known.ts';

/** A schema with a name of its own that must not be shared: the root of one version of one kind. */
export interface Root {
  readonly name: string;
  readonly schema: Schema;
}

/** The roots with `{"$ref": "#/defs/<name>"}` for every repeated part, and the parts by name. */
export interface Hoisted {
  readonly roots: readonly Schema[];
  readonly defs: Readonly<Record<string, Schema>>;
}

/** Length in JSON below which a repeated part stays where it is: a reference would hardly be shorter. */
const SMALLEST = 64;
const REFERENCE_LENGTH = 32;

/** All schemas that demand the same thing, whatever their prose says. */
interface Shape {
  /** The occurrence with the most prose: its descriptions are those of the definition. */
  schema: Schema;
  prose: number;
  /** In how many places of distinct shapes and roots it stands. One that is only ever part of one shape counts once. */
  uses: number;
  size: number;
  place: Place;
  readonly votes: Votes;
  hoisted: boolean;
  name: string;
}

/**
 * Writes every repeated part once. Equality is by canonical text without prose; names come from the property that
 * holds the part most often, so that they read well and depend on the set of roots, not on the order of files.
 *
 * Descriptions stay: on a part where it stands, and inside a definition from its richest occurrence.
 *
 * @param roots in a canonical order; the caller sorts them.
 * @param taken names that definitions must not have (the kinds of the group).
 */
export function hoist(roots: readonly Root[], taken: readonly string[]): Hoisted {
  const { shapes, shapeOf } = internAll(roots);
  choose(shapes, shapeOf);
  labelAll(roots, shapes, shapeOf);
  const names = new Set(taken);
  const hoisted = shapes.filter((shape) => shape.hoisted);
  // Common things get the plain names. The order of shapes decides ties; it follows the order of the roots.
  for (const shape of [...hoisted].sort((a, b) => b.uses - a.uses || b.size - a.size)) {
    shape.name = claimName(shape.place, names);
  }

  const emit = (schema: Schema): Schema =>
    mapParts(schema, (part): Schema => {
      const shape = shapeOf(part);
      const body = shape.hoisted ? { $ref: `#/defs/${shape.name}` } : emit(withoutDescription(shape.schema));
      return withDescription(body, part.description);
    });
  const defs = hoisted.map((shape): [string, Schema] => [shape.name, emit(withoutDescription(shape.schema))]);
  return {
    roots: roots.map(({ schema }) => emit(schema)),
    defs: Object.fromEntries(defs.sort(([a], [b]) => compareText(a, b))),
  };
}

/** One shape per distinct schema below the roots, parts before what contains them. */
function internAll(roots: readonly Root[]): { shapes: Shape[]; shapeOf: (schema: Schema) => Shape } {
  const byText = new Map<string, Shape>();
  const bySchema = new Map<Schema, { shape: Shape; prose: number }>();
  const ids = new Map<Shape, number>();

  function intern(schema: Schema): { shape: Shape; prose: number } {
    const known = bySchema.get(schema);
    if (known) return known;
    let prose = 0;
    const parts: Shape[] = [];
    const text = JSON.stringify(
      mapParts(withoutDescription(schema), (part) => {
        const inner = intern(part);
        parts.push(inner.shape);
        prose += inner.prose + (part.description === undefined ? 0 : 1);
        return ids.get(inner.shape);
      }),
    );
    let shape = byText.get(text);
    if (!shape) {
      shape = {
        schema,
        prose,
        uses: 0,
        size: 0,
        place: { label: '', context: '' },
        votes: new Map(),
        hoisted: false,
        name: '',
      };
      byText.set(text, shape);
      ids.set(shape, ids.size);
      for (const part of parts) part.uses += 1;
    } else if (prose > shape.prose) {
      shape.schema = schema;
      shape.prose = prose;
    }
    const result = { shape, prose };
    bySchema.set(schema, result);
    return result;
  }

  for (const root of roots) for (const part of partsOf(root.schema)) intern(part.schema).shape.uses += 1;
  const shapeOf = (schema: Schema): Shape => bySchema.get(schema)!.shape;
  return { shapes: [...byText.values()], shapeOf };
}

/** Decides what is worth a definition. Parts come first, so the size of a shape counts its own references. */
function choose(shapes: readonly Shape[], shapeOf: (schema: Schema) => Shape): void {
  for (const shape of shapes) {
    let inner = 0;
    const frame = mapParts(withoutDescription(shape.schema), (part) => {
      const child = shapeOf(part);
      inner += child.hoisted ? REFERENCE_LENGTH : child.size;
      return 0;
    });
    shape.size = JSON.stringify(frame).length + inner;
    shape.hoisted = shape.uses > 1 && shape.size >= SMALLEST;
  }
  // The elements of a repeated list are repeated with it. Fields get a name of their own, for the sake of the types.
  for (const shape of [...shapes].reverse()) {
    if (!shape.hoisted || shape.schema.properties) continue;
    for (const { schema } of partsOf(shape.schema)) {
      const element = shapeOf(schema);
      element.hoisted ||= element.schema.properties !== undefined && element.size >= SMALLEST;
    }
  }
}

/** Gives every shape the place it is named after, from the roots down. */
function labelAll(roots: readonly Root[], shapes: readonly Shape[], shapeOf: (schema: Schema) => Shape): void {
  for (const { name, schema } of roots) {
    for (const { step, schema: part } of partsOf(schema)) suggest(shapeOf(part).votes, step, name, new Map());
  }
  for (const shape of [...shapes].reverse()) {
    const best = mostVoted(shape.votes);
    const label =
      shape.schema.type === 'array' ? `${singular(best.label)}List` : (wellKnownName(shape.schema) ?? best.label);
    shape.place = { label, context: best.context };
    const owner = nameOf(best);
    for (const { step, schema } of partsOf(shape.schema)) suggest(shapeOf(schema).votes, step, owner, shape.votes);
  }
}

/** A property is called by its name; an element of a list or map by the singular of what the whole is called. */
function suggest(votes: Votes, step: Step, owner: string, ownerVotes: Votes): void {
  if (typeof step === 'object') vote(votes, { label: pascalCase(step.property), context: owner }, 1);
  else
    for (const { place, count } of ownerVotes.values()) vote(votes, { ...place, label: singular(place.label) }, count);
}
