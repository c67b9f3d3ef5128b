import type { Cluster } from './platform.ts';
import type { Framework, protocols } from './workload.ts';

/**
 * The runtime table: how each framework is served. It follows the runtimes that KServe ships
 * (kserve v0.20.0 config/runtimes), as images pinned by us instead of ClusterServingRuntimes that change with KServe.
 */

/** Version of the inference protocol that KServe's request paths follow. */
export type Protocol = (typeof protocols)[number];

/** A framework with a runtime of ours; a `custom` server brings its own image. */
export type RuntimeFramework = Exclude<Framework, 'custom'>;

/** How a framework is served. */
export interface Runtime {
  /** What KServe calls the model's format; names are case-sensitive. */
  readonly modelFormat: { readonly name: string; readonly version: string };
  /** Protocols that the server speaks; the first is the default. */
  readonly protocols: readonly [Protocol, ...Protocol[]];
  /** Default image without its tag. */
  readonly image: string;
  /** Tag of the image; KServe's own servers have none here, they follow KServe's version. */
  readonly tag: string | undefined;
  /** What a GPU changes of the default image: the end of the tag, or the repository. */
  readonly gpu: { readonly tagSuffix: string } | { readonly image: string } | undefined;
  /** HTTP port. */
  readonly port: number;
  /** Where the server exposes Prometheus metrics. */
  readonly metrics: { readonly port: number; readonly path: string } | undefined;
  /** How the server learns the name that it serves the model under; `repository`: it takes it from the model's files. */
  readonly servedName: { readonly argument: string } | { readonly environment: string } | 'repository';
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[];
  /** Environment by name; `TS_SERVICE_ENVELOPE` and the like depend on the protocol. */
  readonly env: (protocol: Protocol) => Readonly<Record<string, string>>;
  /** Numeric user to run as, where the image names none and would run as root. */
  readonly user: number | undefined;
  /** Whether the image is known to run as another user than root. */
  readonly nonRoot: boolean;
  /** Argument that spreads one model over several GPUs; without it a second GPU would stay idle. */
  readonly gpuArgument: string | undefined;
  /** Whether worker processes share tensors through /dev/shm, which is 64 MB unless a volume is mounted there. */
  readonly sharedMemory: boolean;
}

const MODEL_DIR = '/mnt/models';
const METRICS = { port: 8080, path: '/metrics' } as const;

const SHARED = {
  tag: undefined,
  gpu: undefined,
  port: 8080,
  metrics: METRICS,
  command: undefined,
  env: () => ({}),
  user: undefined,
  nonRoot: true,
  gpuArgument: undefined,
  sharedMemory: false,
} as const satisfies Partial<Runtime>;

/** KServe's Python servers speak both protocols and take the same arguments (kserve v0.20.0 python/<server>). */
function kserveServer(name: string, format: Runtime['modelFormat'], args: readonly string[] = []): Runtime {
  return {
    ...SHARED,
    modelFormat: format,
    protocols: ['v2', 'v1'],
    image: `kserve/${name}`,
    servedName: { argument: '--model_name' },
    args: [`--model_dir=${MODEL_DIR}`, '--http_port=8080', ...args],
  };
}

/** Triton takes the names of its models from the folders of the repository, so nothing can rename them. */
function triton(format: Runtime['modelFormat']): Runtime {
  return {
    ...SHARED,
    modelFormat: format,
    protocols: ['v2'],
    image: 'nvcr.io/nvidia/tritonserver',
    tag: '23.05-py3',
    metrics: { port: 8002, path: '/metrics' },
    servedName: 'repository',
    args: [
      'tritonserver',
      `--model-store=${MODEL_DIR}`,
      '--grpc-port=9000',
      '--http-port=8080',
      '--allow-grpc=true',
      '--allow-http=true',
    ],
    user: 1000,
  };
}

/** How each framework is served. */
export const RUNTIMES: Readonly<Record<RuntimeFramework, Runtime>> = {
  sklearn: kserveServer('sklearnserver', { name: 'sklearn', version: '1' }),
  xgboost: kserveServer('xgbserver', { name: 'xgboost', version: '2' }, ['--nthread=1']),
  lightgbm: kserveServer('lgbserver', { name: 'lightgbm', version: '4' }, ['--nthread=1']),
  pmml: kserveServer('pmmlserver', { name: 'pmml', version: '4' }),
  paddle: kserveServer('paddleserver', { name: 'paddle', version: '2' }),
  huggingface: {
    ...kserveServer('huggingfaceserver', { name: 'huggingface', version: '1' }),
    gpu: { tagSuffix: '-gpu' },
    gpuArgument: '--tensor-parallel-size',
    sharedMemory: true,
  },
  tensorflow: {
    ...SHARED,
    modelFormat: { name: 'tensorflow', version: '2' },
    protocols: ['v1'],
    image: 'tensorflow/serving',
    tag: '2.6.2',
    gpu: { tagSuffix: '-gpu' },
    // Metrics need a monitoring file that the image does not have.
    metrics: undefined,
    servedName: { argument: '--model_name' },
    command: ['/usr/bin/tensorflow_model_server'],
    args: ['--port=9000', '--rest_api_port=8080', `--model_base_path=${MODEL_DIR}`, '--rest_api_timeout_in_ms=60000'],
    user: 1000,
  },
  pytorch: {
    ...SHARED,
    modelFormat: { name: 'pytorch', version: '1' },
    // v1 first, as in KServe: v2 needs a handler that understands its tensors.
    protocols: ['v1', 'v2'],
    image: 'pytorch/torchserve-kfs',
    tag: '0.9.0',
    gpu: { tagSuffix: '-gpu' },
    metrics: { port: 8082, path: '/metrics' },
    // The names stand in model_snapshot of config/config.properties, beside the archives.
    servedName: 'repository',
    args: [
      'torchserve',
      '--start',
      `--model-store=${MODEL_DIR}/model-store`,
      `--ts-config=${MODEL_DIR}/config/config.properties`,
    ],
    // KServe sets these for runtimes that it knows by name only (inference_service_defaults.go SetTorchServeDefaults).
    env: (protocol) => ({ PROTOCOL_VERSION: protocol, TS_SERVICE_ENVELOPE: protocol === 'v2' ? 'kservev2' : 'kserve' }),
    user: 1000,
  },
  onnx: triton({ name: 'onnx', version: '1' }),
  triton: triton({ name: 'triton', version: '2' }),
  mlflow: {
    ...SHARED,
    modelFormat: { name: 'mlflow', version: '2' },
    protocols: ['v2'],
    image: 'docker.io/seldonio/mlserver',
    tag: '1.7.1',
    // MLServer's own default; 8080 in KServe's annotation is wrong.
    metrics: { port: 8082, path: '/metrics' },
    servedName: { environment: 'MLSERVER_MODEL_NAME' },
    args: [],
    // KServe sets these for runtimes that it knows by name only (inference_service_defaults.go SetMlServerDefaults).
    env: () => ({
      MLSERVER_GRPC_PORT: '9000',
      MLSERVER_HTTP_PORT: '8080',
      MLSERVER_METRICS_PORT: '8082',
      MLSERVER_MODEL_IMPLEMENTATION: 'mlserver_mlflow.MLflowRuntime',
      MLSERVER_MODEL_URI: MODEL_DIR,
    }),
  },
  vllm: {
    ...SHARED,
    modelFormat: { name: 'vLLM', version: '1' },
    // A label only: KServe's webhook writes v2, requests are OpenAI's.
    protocols: ['v2'],
    image: 'vllm/vllm-openai-cpu',
    // The version in KServe 0.20.0's own huggingfaceserver; KServe's vLLM runtime has `latest`.
    tag: 'v0.24.0',
    gpu: { image: 'vllm/vllm-openai' },
    servedName: { argument: '--served-model-name' },
    command: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
    args: ['--port=8080', `--model=${MODEL_DIR}`],
    env: () => ({ HF_HOME: '/tmp', VLLM_CONFIG_ROOT: '/tmp', VLLM_WORKER_MULTIPROC_METHOD: 'spawn' }),
    nonRoot: false,
    gpuArgument: '--tensor-parallel-size',
    sharedMemory: true,
  },
};

/** The versions of KServe on a cluster: one, or both of an upgrade under way. */
type KserveVersion = NonNullable<Cluster['kserve']>['version'];

/**
 * The image that serves a framework when nobody chose one. Images of KServe's own servers carry KServe's version;
 * during an upgrade the older one, so that the upgrade restarts nothing.
 *
 * @example defaultImage('huggingface', '0.20.0', true) // 'kserve/huggingfaceserver:v0.20.0-gpu'
 */
export function defaultImage(framework: RuntimeFramework, kserveVersion: KserveVersion, gpu: boolean): string {
  const runtime = RUNTIMES[framework];
  const version = typeof kserveVersion === 'string' ? kserveVersion : kserveVersion[0];
  const tag = runtime.tag ?? `v${/^\d+\.\d+$/.test(version) ? `${version}.0` : version}`;
  if (!gpu || !runtime.gpu) return `${runtime.image}:${tag}`;
  return 'image' in runtime.gpu ? `${runtime.gpu.image}:${tag}` : `${runtime.image}:${tag}${runtime.gpu.tagSuffix}`;
}

/**
 * The protocol that a server is asked in: the one that was chosen, else the runtime's default. A `custom` server
 * has none unless it says so.
 */
export function protocolOf(framework: RuntimeFramework, chosen: Protocol | undefined): Protocol;
export function protocolOf(framework: Framework, chosen: Protocol | undefined): Protocol | undefined;
export function protocolOf(framework: Framework, chosen: Protocol | undefined): Protocol | undefined {
  return chosen ?? (framework === 'custom' ? undefined : RUNTIMES[framework].protocols[0]);
}

/**
 * Path that answers 200 once the model can serve. It names the model, so that a server which serves another name
 * never becomes ready. KServe's servers call themselves ready (`/v2/health/ready`) before the model is.
 *
 * @example readinessPath('sklearn', 'v2', 'fraud-detector') // '/v2/models/fraud-detector/ready'
 */
export function readinessPath(framework: RuntimeFramework, protocol: Protocol, servedName: string): string {
  if (framework === 'vllm') return '/health';
  return protocol === 'v2' ? `/v2/models/${servedName}/ready` : `/v1/models/${servedName}`;
}

/**
 * Path of an inference request, the same for every release of a service. Language models are asked through OpenAI's
 * API, where the body names the model. `undefined` for a `custom` server that names no protocol.
 *
 * @example requestPath('triton', 'v2', 'resnet50') // '/v2/models/resnet50/infer'
 */
export function requestPath(
  framework: Framework,
  protocol: Protocol | undefined,
  servedName: string,
): string | undefined {
  if (framework === 'vllm') return '/v1/chat/completions';
  if (framework === 'huggingface') return '/openai/v1/chat/completions';
  if (protocol === undefined) return undefined;
  return protocol === 'v2' ? `/v2/models/${servedName}/infer` : `/v1/models/${servedName}:predict`;
}
