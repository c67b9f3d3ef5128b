import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planHtml } from '../../src/review/format/html.ts';
import type { Plan } from '../../src/review/plan.ts';
import { EMPTY, EXAMPLE, manyStatements, sayingOnly } from '../review/format/example.ts';

/** The page of `ai-service plan --format html` in a real browser: Debian's Chromium, which `test/conformance/install` installs. */

const HOSTILE =
  '</style></script><script>window.ran=1</script><img src=x onerror="window.ran=1">"\' autofocus onfocus=window.ran=1 x=\'javascript:window.ran=1\u202e';
const PLANS: Readonly<Record<string, Plan>> = {
  example: EXAMPLE,
  empty: EMPTY,
  hostile: sayingOnly(HOSTILE),
  long: sayingOnly(`a-name-${'without-end'.repeat(60)}`),
  unbroken: sayingOnly('W'.repeat(700)),
  chinese: sayingOnly('漢字'.repeat(100)),
};

/** Milliseconds for what the browser does: on a new machine with work beside, its first start takes tens of seconds. */
const PATIENCE = 240_000;

const folder = mkdtempSync(join(tmpdir(), 'plan-page-'));
let browser: Browser;

beforeAll(async () => {
  const found = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).stdout.trim();
  if (found === '') throw new Error('chromium is not installed; run test/conformance/install');
  browser = await chromium.launch({ executablePath: found, timeout: PATIENCE });
  for (const [name, plan] of Object.entries(PLANS)) writeFileSync(join(folder, `${name}.html`), planHtml(plan));
  writeFileSync(join(folder, 'many.html'), planHtml(manyStatements(5000)));
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

interface Opened {
  readonly page: Page;
  readonly url: string;
  /** What the page said or asked for, that it should not. */
  readonly complaints: readonly string[];
}

/** Opens a page, with all details open, and notes what the browser complains of and asks for. */
async function open(name: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const url = pathToFileURL(join(folder, `${name}.html`)).href;
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  context.on('request', (request) => complaints.push(...(request.url() === url ? [] : [`request: ${request.url()}`])));
  await page.goto(url);
  return { page, url, complaints };
}

const openAll = (page: Page): Promise<void> =>
  page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true;');

/** Names of elements that are wider than the window or their drawing, but for those in a part that scrolls by itself. */
const WIDER = `[...document.querySelectorAll('body *')].filter((one) => !one.closest('.scroll, pre, .skip, .visually-hidden') && one.checkVisibility() && one.getBoundingClientRect().right > (one.closest('svg')?.getBoundingClientRect().right ?? innerWidth) + 0.5)
  .map((one) => one.tagName + '.' + one.getAttribute('class'))`;

/** Texts whose colour is too near to that of their ground: below 4.5 to 1 (WCAG 2.2, 1.4.3). */
const FAINT = `(() => {
  const rgba = (color) => { const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], ground) => [r, g, b].map((value, index) => value * a + ground[index] * (1 - a));
  const light = (color) => {
    const [r, g, b] = color.map((value) => { const part = value / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.unshift(rgba(one.matches('svg g:has(> .box)') ? getComputedStyle(one.querySelector('.box')).fill : getComputedStyle(one).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const element = text.parentElement;
    if (text.data.trim() === '' || element.closest('script, style, title, option') || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const back = ground(element);
    const front = over(rgba(element.closest('svg') ? style.fill : style.color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(text.data.trim().slice(0, 40) + ': ' + ratio.toFixed(2));
  }
  return faint;
})()`;

describe.each([
  [1280, 'light'],
  [1280, 'dark'],
  [390, 'light'],
  [390, 'dark'],
] as const)('at %i pixels, %s', (width, colorScheme) => {
  test.each(Object.keys(PLANS))(
    'the page of the plan "%s" is quiet, asks for nothing, fits, and can be read',
    async (name) => {
      const { page, complaints } = await open(name, { viewport: { width, height: 844 }, colorScheme });
      await openAll(page);
      expect(complaints).toEqual([]);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.evaluate<string[]>(WIDER)).toEqual([]);
      expect(await page.evaluate<string[]>(FAINT)).toEqual([]);
      await page.context().close();
    },
  );
});

test('the probes find what is too wide, too faint, and asked for', async () => {
  const { page, complaints } = await open('example');
  await page.evaluate(`document.querySelector('h1').style.cssText = 'color: #999; width: 2000px; background: none'`);
  expect(await page.evaluate<string[]>(WIDER)).toEqual(['H1.null']);
  expect(await page.evaluate<string[]>(FAINT)).toEqual(['High risk: 2.85']);
  await page.evaluate(`new Image().src = 'https://example.com/a.png'`);
  expect(complaints.join('\n')).toContain('Content Security Policy');
  await page.context().close();
});

test('light and dark are two grounds', async () => {
  const grounds = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open('example', { colorScheme });
    grounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
    await page.context().close();
  }
  expect(grounds).toEqual(['rgb(244, 246, 248)', 'rgb(16, 21, 28)']);
});

test('hostile names are shown and never run, whatever one opens, follows or chooses', async () => {
  const { page, complaints } = await open('hostile');
  await openAll(page);
  for (const link of await page.locator('a:not(.skip)').all()) await link.click();
  await page.locator('select').selectOption({ index: 1 });
  expect(await page.evaluate('window.ran')).toBe(undefined);
  expect(complaints).toEqual([]);
  expect(await page.locator('.statement').innerText()).toContain(HOSTILE.replace('\u202e', '\\u{202e}'));
  await page.context().close();
});

test('without scripts everything is there but the filters', async () => {
  const { page, complaints } = await open('example', { javaScriptEnabled: false });
  expect(await page.locator('.filters').isVisible()).toBe(false);
  expect(await page.locator('.statement:visible').count()).toBe(5);
  const field = page.getByText('spec.http[default].route[0].weight').first();
  expect(await field.isVisible()).toBe(false);
  await page.locator('summary').nth(1).click();
  expect(await field.isVisible()).toBe(true);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test('the keyboard reaches all of it, and opens details', async () => {
  const { page } = await open('example');
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('To what happens');
  const reached = new Set<string>();
  for (let index = 0; index < 60; index += 1) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate<string>('document.activeElement.tagName'));
  }
  expect([...reached].sort()).toEqual(['A', 'BODY', 'BUTTON', 'DIV', 'INPUT', 'SELECT', 'SUMMARY']);
  await page.locator('summary').first().focus();
  await page.keyboard.press('Enter');
  expect(await page.locator('details').first().getAttribute('open')).toBe('');
  await page.context().close();
});

test('a screen reader finds headings, the table, the drawings and what is risky by words', async () => {
  const { page } = await open('example');
  expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual(['▲ High risk']);
  expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
    'What could not be read, or was assumed',
    'What happens',
    'Where',
    'AppProject argocd/risk-ml',
    'fraud-detector',
    'image-classifier',
  ]);
  expect(await page.getByRole('rowheader').allInnerTexts()).toEqual([
    'AppProject argocd/risk-ml',
    'fraud-detector',
    'image-classifier',
  ]);
  expect(await page.getByRole('img', { name: /^Callers/ }).count()).toBe(3);
  expect(await page.getByRole('main').count()).toBe(1);
  expect(
    await page.evaluate(
      '[...document.querySelectorAll("[id]")].map(({ id }) => id).filter((id, index, all) => all.indexOf(id) !== index)',
    ),
  ).toEqual([]);
  await page.context().close();
});

test('a risk in the matrix leads to what changes there, with filters too', async () => {
  const { page } = await open('example');
  await page.locator('a.cell', { hasText: '3 changes' }).click();
  await expect
    .poll(() =>
      page.evaluate(
        `(({ top }) => top >= 0 && top < innerHeight)(document.getElementById('details-1').getBoundingClientRect())`,
      ),
    )
    .toBe(true);
  await page.locator('select').selectOption('image-classifier');
  expect(await page.locator('.statement:visible').allInnerTexts()).toEqual([
    'dev image-classifier is deployed\n\nnothing of it ran here risk/first-in-prod',
  ]);
  expect(await page.locator('output').innerText()).toBe('1 of 5 changes shown');
  expect(await page.locator('.subject:visible h2').allInnerTexts()).toEqual(['image-classifier']);
  await page.evaluate(`location.hash = '#details-2'`);
  await expect.poll(() => page.locator('#details-2').isVisible()).toBe(true);
  await page.getByLabel('high', { exact: true }).uncheck();
  await page.getByLabel('low', { exact: true }).uncheck();
  expect(await page.locator('.statement:visible').count()).toBe(2);
  expect(await page.locator('.group:visible').count()).toBe(1);
  await page.context().close();
});

test('on paper all details are open, and the filters are not there', async () => {
  const { page } = await open('example');
  const field = page.getByText('spec.http[default].route[0].weight').first();
  expect(await field.isVisible()).toBe(false);
  await page.emulateMedia({ media: 'print' });
  expect(await field.isVisible()).toBe(true);
  expect(await page.locator('.filters').isVisible()).toBe(false);
  await page.context().close();
});

test('a plan of 5,000 statements opens', async () => {
  const { page, complaints } = await open('many', { viewport: { width: 390, height: 844 } });
  expect(await page.locator('.statement').count()).toBe(5000);
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
  expect(complaints).toEqual([]);
  await page.context().close();
});
