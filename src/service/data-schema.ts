import { z } from 'zod';
import { canonicalJson, sha256 } from '../core/digest.ts';
import { across, report } from './common.ts';
import type { SchemaWatchSpec } from './spec.ts';

const feature = z.string().min(1).max(100);

/** More features than this would be more series and more text than a rule is worth. */
const MOST_FEATURES = 200;

export const schemaWatch = z
  .strictObject({
    missing: z
      .array(feature)
      .max(MOST_FEATURES)
      .default([])
      .meta({ description: 'Features that every instance must carry.' }),
    nullRatio: z
      .record(feature, z.number().min(0).lt(1))
      .default({})
      .meta({ description: 'Highest share of instances in which a feature is null or NaN, by feature: 0.02.' }),
    newCategories: z
      .record(feature, z.array(z.string().min(1).max(200)).min(1).max(1000))
      .default({})
      .meta({ description: 'The categories that the model knows, by feature. Others count as new.' }),
    outOfRange: z
      .record(
        feature,
        z
          .strictObject({
            min: z.number().optional().meta({ description: 'Smallest value. Default: none.' }),
            max: z.number().optional().meta({ description: 'Largest value. Default: none.' }),
          })
          .check((context) => {
            const { min, max } = context.value;
            if (min === undefined && max === undefined)
              report(
                context,
                'the range has neither min nor max, so that nothing is out of it',
                'write min, max or both',
              );
            if (min !== undefined && max !== undefined && min >= max)
              report(context, `min ${min} is not below max ${max}`, 'exchange them', ['min']);
          }),
      )
      .default({})
      .meta({ description: 'The range of a feature, by feature. Both ends belong to it.' }),
    tolerance: z.number().gt(0).lt(1).default(0.01).meta({
      description: 'Share of instances in which a feature may be missing, have a new category, or be out of range.',
    }),
  })
  .check(
    across(['missing', 'nullRatio', 'newCategories', 'outOfRange'], (context) => {
      const { missing, nullRatio, newCategories, outOfRange } = context.value;
      const watched = [...missing, ...[nullRatio, newCategories, outOfRange].flatMap(Object.keys)];
      if (watched.length === 0) {
        report(context, 'no feature is watched', "name some: { missing: ['amount'], nullRatio: { amount: 0.02 } }");
      }
      if (new Set(watched).size > MOST_FEATURES) {
        report(
          context,
          `${new Set(watched).size} features are more than ${MOST_FEATURES}`,
          'watch those that the model depends on most',
        );
      }
    }),
  )
  .meta({
    id: 'SchemaWatchSpec',
    description: 'What the input of the model must look like. A part that counts it declares `exports.schema`.',
  });

/** What the input must look like, with every default filled in. */
export type SchemaWatchOutput = z.output<typeof schemaWatch>;

/**
 * Eight hex digits that stand for what a transformer must check: the features, categories and ranges, in any order, and not
 * how often they may be broken.
 */
export function schemaDigest({ missing, nullRatio, newCategories, outOfRange }: SchemaWatchOutput): string {
  const categories = Object.fromEntries(
    Object.entries(newCategories).map(([name, known]) => [name, [...known].sort()]),
  );
  const checked = {
    missing: [...missing].sort(),
    nulls: Object.keys(nullRatio).sort(),
    categories,
    ranges: outOfRange,
  };
  return sha256(canonicalJson(checked)).slice(0, 8);
}

/** What the input of the model must look like. */
export const Schema = {
  /**
   * Alerts when features are missing, null more often than they may be, have categories that the model does not know, or
   * values out of their range. A part must declare `exports.schema: true` and count as docs/drift.md says; the snippet of
   * `ai-service reference snippet` does.
   *
   * @example
   * Schema.watch({
   *   missing: ['amount', 'country'],
   *   nullRatio: { amount: 0.02 },
   *   newCategories: { country: ['DE', 'FR', 'US'] },
   *   outOfRange: { amount: { min: 0, max: 10_000 } },
   * })
   */
  watch(rules: SchemaWatchSpec): SchemaWatchSpec {
    return rules;
  },
} as const;
