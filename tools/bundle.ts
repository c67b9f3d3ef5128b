/**
 * Makes the JavaScript of `lib/`: a few files instead of one for each of some 250 modules, because Node takes more than half
 * a millisecond for each module, and every run of the command line would pay it. Run by `npm run build`, beside `tsc`, which
 * makes the types.
 *
 * The library and the command line share chunks: what `apps/` imports must be what the command line knows.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import manifest from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** Packages in CommonJS that every run loads. */
const REQUIRED = ['cdk8s', 'commander', 'constructs', 'jiti'];

/** Asks for such a package with `require`: `import` would read its files once more beforehand, in search of exported names. */
const requirePackages: Plugin = {
  name: 'require-packages',
  resolveId: (id) => (REQUIRED.includes(id) ? `\0${id}` : null),
  load(id) {
    const name = id.slice(1);
    if (!id.startsWith('\0') || !REQUIRED.includes(name)) return null;
    const names = Object.keys(require(name) as object).filter((each) => each !== 'default');
    return `import { createRequire } from 'node:module';\nexport const { ${names.join(', ')} } = createRequire(import.meta.url)('${name}');\n`;
  },
};

const bundle = await rolldown({
  input: {
    index: join(root, 'src/index.ts'),
    cli: join(root, 'src/cli/main.ts'),
    bench: join(root, 'bench/inside.ts'),
  },
  plugins: [requirePackages],
  external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
    (name) => !REQUIRED.includes(name),
  ),
  platform: 'node',
  transform: { target: 'node20.19' },
});
await bundle.write({ dir: join(root, 'lib'), cleanDir: true, chunkFileNames: 'chunks/[name].js' });
