/**
 * One run in one process: node bench/plan-contender.js plan|yaml <repository>
 * Prints milliseconds and peak memory as JSON. Loading code is left out of the time, for both.
 */
import { parse } from 'yaml';
import { openRepository, planChange, planMarkdown } from '../lib/bench.js';

const [contender, root] = process.argv.slice(2);
const files = (await run('count')).files;
const start = performance.now();
await run(contender);
const ms = performance.now() - start;
process.stdout.write(JSON.stringify({ ms, mb: process.resourceUsage().maxRSS / 1024, files }));

async function run(what) {
  if (what === 'plan') {
    const { value } = await planChange({ gitops: root, tree: 'gitops', base: 'main', head: 'change' }, false);
    if (value.findings.length > 0 || value.risk === 'none') throw new Error(JSON.stringify(value.findings));
    planMarkdown(value, { marker: 'bench' });
    return { files };
  }
  const { value: repository } = await openRepository(root);
  const changes = (await repository.changedFiles('main', 'change', 'gitops')).value;
  if (what === 'count') return { files: changes.length };
  const paths = changes.map(({ path }) => path);
  for (const ref of ['main', 'change']) {
    const { value: texts } = await repository.readFiles(ref, paths);
    for (const [path, text] of texts) if (/\.(yaml|json)$/.test(path)) parse(text);
  }
  return { files };
}
