import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, PAGES, ROOT, textOf, type Block } from './support/markdown.ts';

/**
 * The docs say what is true. The fence of a block says what it is:
 *
 * - `ts apps/x/service.ts`: a part of that file; a comment with `…` alone stands for what is left out
 * - `ts platform`: the platform of the page; a page without one uses that of docs/platform.md
 * - `ts service`, `yaml service <name>`: a complete service, which renders on the platform of its page without findings
 * - `json file=<path>`: a file in the folder of the service before it
 * - `sh`: commands that there are
 */

const blocks = PAGES.flatMap(blocksOf);
const place = ({ page, line }: Block): string => `${page}:${line}`;

const quotes = blocks.filter(({ label }) => /^[\w.]+\/\S+$/.test(label));

test.each(quotes.map((block) => [place(block), block] as const))(
  '%s is a part of the file that it names',
  (_place, { label, text }) => {
    let rest = readFileSync(join(ROOT, label), 'utf8');
    for (const part of text.split(/^ *(?:\/\/|#) …\n/m)) {
      const at = rest.indexOf(part);
      expect(rest.slice(Math.max(at, 0)).slice(0, part.length)).toBe(part);
      rest = rest.slice(at + part.length);
    }
  },
);

const isService = ({ label }: Block): boolean => label === 'service' || label.startsWith('service ');
const pagesWithServices = PAGES.filter((page) => blocks.some((block) => block.page === page && isService(block)));

/** Inside of the repository, so that `cdk8s-ai-service` is this package, as it was built. */
let projects: string;
beforeAll(() => {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  projects = mkdtempSync(join(ROOT, '.cache/docs-'));
  for (const page of pagesWithServices) writeProject(join(projects, page), page);
});
afterAll(() => rmSync(projects, { recursive: true }));

function writeProject(project: string, page: string): void {
  const isPlatform = (block: Block): boolean => block.label === 'platform';
  const own = blocks.filter((block) => block.page === page);
  const platform =
    own.find(isPlatform) ?? blocks.find((block) => block.page === 'docs/platform.md' && isPlatform(block));
  write(join(project, 'apps/platform.ts'), platform?.text ?? '');
  let folder = '';
  for (const block of own) {
    if (isService(block)) {
      const name =
        block.language === 'yaml'
          ? block.label.replace('service ', '')
          : /new AIService\(platform, '([^']+)'/.exec(block.text)?.[1];
      folder = join(project, 'apps', name ?? 'no-name');
      expect(existsSync(folder), `${place(block)}: a second service ${name}`).toBe(false);
      write(join(folder, `service.${block.language}`), block.text);
    } else if (block.label.startsWith('file=')) write(join(folder, block.label.slice('file='.length)), block.text);
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

test.each(pagesWithServices)('the services of %s render without findings', (page) => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'bin/ai-service.js'), 'synth'], {
    cwd: join(projects, page),
    encoding: 'utf8',
  });
  expect(stderr).toMatch(/^gitops: \d+ written, 0 removed, 0 unchanged\n$/);
  expect(status).toBe(0);
});

test('the services of the docs compile', () => {
  const options = {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    skipLibCheck: true,
  };
  writeFileSync(join(projects, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['**/apps'] }));
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', projects],
    { encoding: 'utf8' },
  );
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('commands of the docs are there', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'bin/ai-service.js'), '--help'], { encoding: 'utf8' });
  const commands = [...stdout.matchAll(/^ {2}([a-z-]+) .*/gm)].map(([, command = '']) => command);
  const wrong = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap((block) =>
      [
        ...[...block.text.matchAll(/ai-service ([a-z-]+)/g)].filter(([, command = '']) => !commands.includes(command)),
        ...[...block.text.matchAll(/npm (?:run )([\w:]+)/g)].filter(([, script = '']) => !(script in scripts)),
      ].map(([text]) => `${place(block)}: ${text}`),
    );
  expect(wrong).toEqual([]);
});

test('links of the docs lead somewhere', () => {
  const anchors = (page: string): Set<string> =>
    new Set(
      [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      ),
    );
  const broken = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^https:/.test(link)) return [];
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      const found = existsSync(join(ROOT, target)) && (anchor === undefined || anchors(target).has(anchor));
      return found ? [] : [`${page}: ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});
