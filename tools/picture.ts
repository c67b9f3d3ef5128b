/** Makes the picture of a plan's page in the docs: `npm run picture`. Needs Chromium, see test/conformance/install. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCatalogue, OWN_IMPORTS } from '../src/check/schema/catalogue.ts';
import { planHtml } from '../src/review/format/html.ts';
import { makePlan } from '../src/review/make-plan.ts';
import { exampleChange, golden } from '../test/support/golden-tree.ts';
import { memoryTrees } from '../test/support/memory-trees.ts';

const { value: plan } = await makePlan(memoryTrees(golden, exampleChange), {
  schemas: createCatalogue([OWN_IMPORTS]),
  topology: true,
});
const folder = mkdtempSync(join(tmpdir(), 'picture-'));
writeFileSync(join(folder, 'plan.html'), planHtml(plan!));
const picture = join(import.meta.dirname, '../docs/plan.png');
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--hide-scrollbars',
  '--window-size=1120,1400',
  `--screenshot=${picture}`,
];
execFileSync('chromium', [...args, `file://${folder}/plan.html`], { stdio: ['ignore', 'ignore', 'pipe'] });
rmSync(folder, { recursive: true });
