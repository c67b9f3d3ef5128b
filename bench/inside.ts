/** What the benchmarks take from inside the product. Bundled beside the library, with which it shares code; not published. */
export { planChange } from '../src/app/plan.ts';
export { openRepository } from '../src/git/repository.ts';
export { analyze } from '../src/promql/analyze.ts';
export { ISTIO_DURATION } from '../src/promql/metrics.ts';
export { parsePromql } from '../src/promql/parse.ts';
export { releaseDigest } from '../src/release/record.ts';
export { planMarkdown } from '../src/review/format/markdown.ts';
export { writeTree } from '../src/tree/write.ts';
