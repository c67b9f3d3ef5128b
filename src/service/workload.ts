import { z } from 'zod';
import { across, cpuQuantity, dnsLabel, duration, image, labels, memoryQuantity, report } from './common.ts';
import { dataClass } from './data-class.ts';
import { endpoint, modelRef } from './model-ref.ts';
import { modelUriProblem } from './model-uri.ts';
import type { ServerlessFunction as ServerlessFunctionSpec } from './spec.ts';

/** A value of an environment variable: a literal, a reference, never a secret. */
export const envValue = z
  .union([
    z.string(),
    z.strictObject({
      secret: dnsLabel.meta({ description: 'Name of the Secret (see `secrets`, or one that exists).' }),
      key: z.string().min(1).meta({ description: 'Key in the Secret.' }),
    }),
    z.strictObject({
      configMap: dnsLabel.meta({ description: 'Name of the ConfigMap.' }),
      key: z.string().min(1).meta({ description: 'Key in the ConfigMap.' }),
    }),
    endpoint,
  ])
  .meta({
    id: 'EnvValue',
    description: 'A literal, a key of a Secret or ConfigMap, or the base URL of a model or service.',
  });

/** Environment variables by name. */
export const env = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'expected the name of a variable, as MODEL_URL'), envValue)
  .meta({
    description: 'Environment variables by name. Secrets by reference only; a secret-looking literal is refused.',
  });

export const resources = z
  .strictObject({
    cpu: cpuQuantity.meta({ description: 'CPU request, in cores or millicores: `4`, `500m`.' }),
    memory: memoryQuantity.meta({ description: 'Memory request: `8Gi`.' }),
    gpu: z.int().min(1).max(64).optional().meta({ description: 'GPUs per replica. Default: none.' }),
    gpuResource: z
      .string()
      .regex(/^[a-z0-9.-]+\/[A-Za-z0-9._-]+$/, 'expected the name of a resource, as nvidia.com/gpu')
      .default('nvidia.com/gpu')
      .meta({ description: 'Resource name of the GPU.' }),
    limits: z
      .strictObject({
        cpu: cpuQuantity.optional().meta({ description: 'CPU limit. Default: the request.' }),
        memory: memoryQuantity.optional().meta({ description: 'Memory limit. Default: the request.' }),
      })
      .prefault({})
      .meta({ description: 'Limits, where they differ from the requests.' }),
  })
  .meta({ id: 'Resources', description: 'What one replica needs.' });

export const scalingTarget = z
  .union([
    z.strictObject({
      cpu: z.int().min(1).max(100).meta({ description: 'Average CPU use, in per cent of the request.' }),
    }),
    z.strictObject({
      memory: z.int().min(1).max(100).meta({ description: 'Average memory use, in per cent of the request.' }),
    }),
    z.strictObject({
      concurrency: z.int().min(1).max(10_000).meta({ description: 'Requests in flight per replica.' }),
    }),
    z.strictObject({ rps: z.int().min(1).max(1_000_000).meta({ description: 'Requests per second per replica.' }) }),
  ])
  .meta({
    id: 'ScalingTarget',
    description: 'What the autoscaler aims at. Knative scales by concurrency or rps, Standard mode by cpu or memory.',
  });

/** More than any cluster has nodes: Kubernetes is made for 5,000. */
const MOST_REPLICAS = 10_000;

export const scaling = z
  .strictObject({
    min: z
      .int()
      .min(0)
      .max(MOST_REPLICAS)
      .default(1)
      .meta({ description: 'Fewest replicas; 0 scales to zero, where the cluster can.' }),
    max: z
      .int()
      .min(1)
      .max(MOST_REPLICAS)
      .optional()
      .meta({ description: 'Most replicas. Default: `min`, at least 1.' }),
    target: scalingTarget.optional().meta({
      description:
        "What the autoscaler aims at. Default: 80 % CPU in Standard mode, the cluster's concurrency target on Knative.",
    }),
  })
  .check(
    across(['min', 'max'], (context) => {
      const { min, max } = context.value;
      if (max !== undefined && max < min) {
        report(context, `max ${max} is below min ${min}`, `write max: ${min} or more, or lower min`, ['max']);
      }
    }),
  )
  .meta({ id: 'Scaling', description: 'How many replicas run, per environment and cluster.' });

export const placement = z
  .strictObject({
    nodeSelector: labels.optional().meta({ description: 'Labels of the nodes to run on.' }),
    tolerations: z
      .array(
        z.strictObject({
          key: z.string().optional(),
          operator: z.enum(['Exists', 'Equal']).optional(),
          value: z.string().optional(),
          effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
          tolerationSeconds: z.int().optional(),
        }),
      )
      .optional()
      .meta({ description: 'Taints to tolerate, as Kubernetes writes them.' }),
  })
  .meta({
    id: 'Placement',
    description: 'Where pods may run. On Knative each field needs its feature flag (`knative.features`).',
  });

const container = {
  command: z.array(z.string()).optional().meta({ description: "Entry point. Default: the image's." }),
  args: z.array(z.string()).optional().meta({ description: 'Arguments, after those that the runtime needs.' }),
  env: env.optional(),
  resources,
  scaling: scaling.prefault({}),
  placement: placement.optional(),
  concurrency: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'Hard limit of requests in flight per replica; Knative only. Default: none.' }),
  startup: duration.optional().meta({
    description: 'How long a replica may take until it serves (pull, download, load). Default: 10m, with a GPU 30m.',
  }),
  runAsUser: z.int().min(1).max(2_147_483_647).optional().meta({
    description:
      "Number of the user to run as, for an image that would run as root, or names its user by a word. Default: the image's.",
  }),
};

const urlPath = z.string().startsWith('/', 'expected a path that starts with "/", as /healthz');

const metricsPath = urlPath.default('/metrics').meta({ description: 'HTTP path of the metrics.' });

const histogramName = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'expected the name of a metric, as fraud_score');

const exportsMetrics = z
  .strictObject({
    predictions: histogramName
      .optional()
      .meta({ description: 'Histogram of prediction values that the server exposes.' }),
    features: z
      .record(z.string(), histogramName)
      .optional()
      .meta({ description: 'Histograms of feature values that the server exposes, by feature.' }),
    buckets: z.record(z.string().min(1), z.array(z.number()).min(1)).optional().meta({
      description:
        'Bucket bounds by histogram, rising, without +Inf; edges of references are checked against them. Default: not known.',
    }),
    native: z.boolean().optional().meta({
      description:
        'Whether these histograms are native ones; the Prometheus of the cluster must keep them (`prometheus.nativeHistograms`). Default: they are classic ones.',
    }),
    schema: z.boolean().optional().meta({
      description:
        'Whether the server counts what is wrong with its input, as docs/drift.md says. Default: it does not.',
    }),
  })
  .check(
    across(['native'], (context) => {
      const { native, buckets } = context.value;
      if (native && buckets)
        report(context, 'native histograms have no buckets that could be named', 'leave buckets out, or native', [
          'buckets',
        ]);
    }),
  )
  .meta({
    id: 'ExportedMetrics',
    description: "Metrics that this part exposes and that drift rules may use. KServe's own servers export none.",
  });

export const frameworks = [
  'sklearn',
  'xgboost',
  'lightgbm',
  'tensorflow',
  'pytorch',
  'onnx',
  'triton',
  'huggingface',
  'vllm',
  'mlflow',
  'pmml',
  'paddle',
  'custom',
] as const;

/** What serves the model; decides runtime, protocol, ports, probes and metrics. */
export type Framework = (typeof frameworks)[number];

export const protocols = ['v1', 'v2'] as const;

/** Servers that take the served name from the model's files, so that it must be declared: nothing can rename it. */
const NAMED_BY_REPOSITORY: Partial<Record<Framework, string>> = {
  onnx: 'the name of its folder in the model repository (Triton serves it)',
  pytorch: 'its name in model_snapshot of config/config.properties (TorchServe serves it)',
  triton: 'the name of its folder in the model repository',
};

const llm = z
  .strictObject({
    adapters: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(
              /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/,
              'expected a name of letters, digits, "-", "_" and ".", as support-de',
            )
            .meta({ description: 'What requests call it: `model` in the body.' }),
          uri: z
            .string()
            .check((context) => {
              const problem = modelUriProblem(context.value);
              if (problem) report(context, problem.message, problem.fix);
            })
            .meta({ description: 'Where it is: hf://, s3:// or pvc://, one version.' }),
        }),
      )
      .default([])
      .check((context) => {
        const names = context.value.map(({ name }) => name);
        names.forEach((name, index) => {
          if (names.indexOf(name) < index)
            report(context, `adapter ${name} stands there twice`, 'give each adapter a name of its own', [
              String(index),
              'name',
            ]);
        });
      })
      .meta({ description: 'LoRA adapters, loaded with the model.' }),
  })
  .meta({
    id: 'Llm',
    description: 'Serves the model by an LLMInferenceService, which splits the traffic by weights of its own.',
  });

export const modelServer = z
  .strictObject({
    framework: z
      .enum(frameworks)
      .meta({ description: 'What serves the model; decides runtime, protocol, port, probes and metrics.' }),
    model: modelRef
      .optional()
      .meta({ description: 'The model. Required, except for `custom` images that carry their model.' }),
    image: image.optional().meta({
      description:
        "Server image, pinned. Default: the runtime table's image for the cluster's KServe version. Required for `custom`.",
    }),
    servedName: z
      .string()
      .regex(
        /^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/,
        'expected a name of letters, digits, "-", "_", "." and "/", as fraud_detector',
      )
      .optional()
      .meta({
        description:
          "Model name in request paths, the same for every release. Default: the service's name, in `models` the model's. Triton and TorchServe take it from the model's files: required for triton, onnx and pytorch.",
      }),
    protocol: z
      .enum(protocols)
      .optional()
      .meta({ description: 'Inference protocol. Default: the best one that the framework speaks.' }),
    port: z.int().min(1).max(65535).optional().meta({ description: 'HTTP port of a `custom` server. Default: 8080.' }),
    readiness: urlPath.optional().meta({
      description: 'Path that answers 200 when a `custom` server can serve. Default: a TCP check of the port.',
    }),
    metrics: z
      .strictObject({
        port: z.int().min(1).max(65535).optional().meta({ description: 'Port of the metrics. Default: `port`.' }),
        path: metricsPath,
      })
      .optional()
      .meta({ description: 'Where a `custom` server exposes Prometheus metrics. Default: it does not.' }),
    llm: llm.optional(),
    ...container,
    exports: exportsMetrics.optional(),
  })
  .check(
    across(['framework', 'servedName'], (context) => {
      const { framework, model, image: ownImage, port, readiness, metrics, servedName, llm: onLlmd } = context.value;
      const add = (field: string, message: string, fix: string): void => report(context, message, fix, [field]);
      if (onLlmd && framework !== 'vllm')
        add(
          'llm',
          `an LLMInferenceService runs vLLM, and the framework is ${framework}`,
          "write framework: 'vllm', or leave llm out",
        );
      if (onLlmd && ownImage === undefined) {
        add(
          'image',
          'without an image KServe chooses one, and another one after an upgrade',
          'write the image of vLLM that your KServe has, with its version',
        );
      }
      if (framework === 'custom') {
        if (ownImage === undefined)
          add('image', 'a custom server has no image', 'write image: registry.example.com/name:1.4.2');
        return;
      }
      if (model === undefined)
        add('model', `framework ${framework} has no model`, "write model: ModelRef.uri('s3://bucket/name/v47/')");
      const named = NAMED_BY_REPOSITORY[framework];
      if (named !== undefined && servedName === undefined) {
        add('servedName', `framework ${framework} serves a model under ${named}`, 'write servedName: <that name>');
      }
      // Only in OpenAI's API does the name stand in the body; a path segment cannot hold a slash.
      if (framework !== 'vllm' && servedName?.includes('/')) {
        add(
          'servedName',
          `${JSON.stringify(servedName)} stands in request paths, where "/" separates`,
          'write a name without "/"',
        );
      }
      for (const [field, value] of Object.entries({ port, readiness, metrics })) {
        if (value !== undefined)
          add(
            field,
            `${field} of framework ${framework} is given by its runtime`,
            `leave ${field} out, or use framework: 'custom'`,
          );
      }
    }),
  )
  .meta({ id: 'ModelServer', description: 'A model and the server that runs it; a KServe InferenceService.' });

const sidecarShape = {
  image: image.meta({ description: 'Image, pinned by a version or, better, by a digest.' }),
  port: z.int().min(1).max(65535).default(8080).meta({ description: 'HTTP port of the container.' }),
  readiness: urlPath
    .optional()
    .meta({ description: 'Path that answers 200 when the container can serve. Default: a TCP check of the port.' }),
  metrics: z
    .strictObject({ path: metricsPath })
    .optional()
    .meta({ description: 'Set where the container exposes Prometheus metrics on its port. Default: it does not.' }),
  ...container,
};

export const component = z.strictObject({ ...sidecarShape, exports: exportsMetrics.optional() }).meta({
  id: 'Component',
  description: 'A transformer or explainer: a container of the InferenceService beside the predictor.',
});

export const serverlessFunction = z.strictObject({ ...sidecarShape, exports: exportsMetrics.optional() }).meta({
  id: 'ServerlessFunction',
  description:
    'Code around a model: a Knative Service, or Deployment, Service and HorizontalPodAutoscaler where there is no Knative.',
});

export type EnvValue = z.output<typeof envValue>;
/** A model server with every default filled in. */
export type ModelServer = z.output<typeof modelServer>;
/** A transformer or explainer with every default filled in. */
export type Component = z.output<typeof component>;
/** A function with every default filled in. */
export type FunctionPart = z.output<typeof serverlessFunction>;
export type Resources = z.output<typeof resources>;
export type Scaling = z.output<typeof scaling>;
export type ScalingTarget = z.output<typeof scalingTarget>;
export type Placement = z.output<typeof placement>;

/**
 * Code around a model: pre- and post-processing, an API front, a retrieval step. A Knative Service, or a Deployment
 * where the cluster has no Knative. When a service has a function, the function answers its address.
 *
 * @example
 * new ServerlessFunction({
 *   image: 'registry.example.com/image-api:1.4.2',
 *   env: { MODEL_URL: ModelRef.part('predictor') },
 *   resources: { cpu: '500m', memory: '512Mi' },
 *   scaling: { min: 0, max: 20, target: { concurrency: 10 } },
 * })
 */
export class ServerlessFunction extends dataClass<ServerlessFunctionSpec>() {}
