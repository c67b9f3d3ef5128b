import { defaultImage, requestPath, RUNTIMES, type Runtime, type RuntimeFramework } from '../src/service/runtime.ts';
import { code, table } from './markdown.ts';

/** The version of KServe whose default images are shown. */
const KSERVE = '0.20.0';

/** A table of the frameworks with a runtime of ours. */
export function frameworksReference(): string {
  const rows = Object.entries(RUNTIMES).map(([name, runtime]) => {
    const framework = name as RuntimeFramework;
    const [image, gpuImage] = [false, true].map((gpu) => defaultImage(framework, KSERVE, gpu));
    return [
      code(framework),
      image === gpuImage ? code(image ?? '') : `${code(image ?? '')}, with a GPU ${code(gpuImage ?? '')}`,
      runtime.protocols.map(code).join(', '),
      servedName(runtime),
      code(requestPath(framework, runtime.protocols[0], '<name>') ?? ''),
      runtime.metrics ? code(`:${runtime.metrics.port}${runtime.metrics.path}`) : 'none',
    ];
  });
  const about = [
    `How each \`framework\` is served, with the default image for KServe ${KSERVE}. Images of KServe's own servers have KServe's version.`,
    'The first protocol is the default. `custom` brings its own image.',
  ];
  const header = ['framework', 'default image', 'protocols', 'served name', 'requests', 'metrics'];
  return `### Frameworks\n\n${about.join(' ')}\n\n${table(header, rows)}`;
}

/** How a server learns the name of its model. */
function servedName({ servedName: way }: Runtime): string {
  if (way === 'repository') return "from the model's files";
  return 'argument' in way ? code(way.argument) : code(way.environment);
}
