/**
 * Metrics that say whether the input of a model looks as it should. No server exposes them by itself: they are a contract,
 * written down in docs/drift.md, which a transformer, function or server keeps that declares `exports.schema`. The snippet
 * of `ai-service reference snippet` does.
 */

/** Instances (rows) that were asked about; counter without labels of its own. */
export const AI_INSTANCES = 'ai_instances_total';

/** Instances that break a rule of the schema, by `feature` and `rule`; counter. Only features that the schema names. */
export const AI_FEATURE_VIOLATIONS = 'ai_feature_violations_total';

/** 1 with the digest of the schema that the pod checks in `schema`; gauge. */
export const AI_INPUT_SCHEMA = 'ai_input_schema_info';

/** Values of the label `rule`. */
export const SCHEMA_RULES = ['missing', 'null', 'new_category', 'out_of_range'] as const;

/** One of the rules. */
export type SchemaRule = (typeof SCHEMA_RULES)[number];
