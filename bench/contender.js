/**
 * One contender, one size, one process: node bench/contender.js <contender> <services> <folder> [<objects file>]
 * Prints milliseconds, peak memory in MB and counts as JSON. Start-up is left out of the time.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serviceName } from './workload.js';

const [contender, size, out, template] = process.argv.slice(2);
let count = 1;
let folder = `${out}-start-up`;
const run = await prepare();
// One service first: what is loaded on first use (schemas, CEL, the YAML writer) is start-up, for every contender.
run();
rmSync(folder, { recursive: true });
count = Number(size);
folder = out;
const start = performance.now();
const files = run();
const ms = performance.now() - start;
process.stdout.write(JSON.stringify({ ms, mb: process.resourceUsage().maxRSS / 1024, files }));

async function prepare() {
  switch (contender) {
    case 'ours':
    case 'ours again': {
      const { platformOf } = await import('./workload.js');
      const { writeTree } = await import('../lib/bench.js');
      return () => {
        const { files, findings, guard } = platformOf(count).render();
        if (findings.length > 0) throw new Error(`${findings.length} findings, first: ${JSON.stringify(findings[0])}`);
        const result = writeTree({ outDir: folder, files, guard, allowDelete: new Set() });
        if (result.findings.length > 0) throw new Error(JSON.stringify(result.findings[0]));
        if (contender === 'ours again' && count > 1 && result.written.length > 0)
          throw new Error(`${result.written.length} files written again`);
        return files.size;
      };
    }
    case 'floor': {
      const whole = allObjects(Number(size));
      return () => {
        const trees = count === 1 ? allObjects(1) : whole;
        let files = 0;
        const folders = new Set();
        for (const [path, object] of trees) {
          const file = join(folder, path);
          if (!folders.has(dirname(file))) folders.add(mkdirSync(dirname(file), { recursive: true }) ?? dirname(file));
          writeFileSync(file, JSON.stringify(object));
          files += 1;
        }
        return files;
      };
    }
    case 'cdk8s FILE_PER_CHART':
      return cdk8s('FILE_PER_CHART');
    case 'cdk8s FOLDER_PER_CHART':
      return cdk8s('FOLDER_PER_CHART_FILE_PER_RESOURCE');
    default:
      throw new Error(`no contender ${contender}`);
  }
}

async function cdk8s(type) {
  const { ApiObject, App, Chart, YamlOutputType } = await import('cdk8s');
  const whole = objectsByService(Number(size));
  return () => {
    const services = whole.slice(0, count);
    const app = new App({ outdir: folder, yamlOutputType: YamlOutputType[type] });
    let objects = 0;
    for (const [name, list] of services) {
      const chart = new Chart(app, name);
      list.forEach((object, index) => {
        new ApiObject(chart, `o${index}`, object);
        objects += 1;
      });
    }
    app.synth();
    return objects;
  };
}

/** The objects of service 0, with every other service's name put in. */
function objectsByService(count) {
  const text = readFileSync(template, 'utf8');
  return Array.from({ length: count }, (_, index) => {
    const name = serviceName(index);
    return [name, JSON.parse(text.replaceAll(serviceName(0), name)).map(({ object }) => object)];
  });
}

function allObjects(count) {
  const text = readFileSync(template, 'utf8');
  return Array.from({ length: count }, (_, index) =>
    JSON.parse(text.replaceAll(serviceName(0), serviceName(index))),
  ).flatMap((list) => list.map(({ path, object }) => [path, object]));
}
