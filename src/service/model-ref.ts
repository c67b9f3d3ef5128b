import { z } from 'zod';
import { across, dnsLabel, report } from './common.ts';
import { modelUriProblem } from './model-uri.ts';
import type { ModelUri, RegistryModel } from './spec.ts';

/** An immutable place that KServe can load a model from. */
export const modelUri = z
  .strictObject({
    uri: z
      .string()
      .check((context) => {
        const problem = modelUriProblem(context.value);
        if (problem) report(context, problem.message, problem.fix);
      })
      .meta({
        description:
          'Storage URI that KServe can load (s3, gs, hf, https, pvc, oci). It names one version for ever and says whether it is a directory (ends in "/") or an object.',
        examples: [
          's3://ml-models/fraud-detector/v47/',
          'hf://acme/support-llm:0123456789abcdef0123456789abcdef01234567',
        ],
      }),
    digest: z
      .string()
      .regex(/^[a-z0-9-]+:\S+$/, 'expected <algorithm>:<value>, as sha256:<64 hex digits>')
      .optional()
      .meta({ description: 'Digest of the content, as `<algorithm>:<value>`, when it is known.' }),
  })
  .meta({ id: 'ModelUri', description: 'A model by its immutable storage URI.' });

/** A model in a registry; what is wanted may move (`@champion`), what is locked in a release never does. */
const registryModel = z
  .strictObject({
    registry: z.string().min(1).meta({ description: "Name of a registry of the platform's `registries`." }),
    name: z.string().min(1).meta({ description: 'Name of the model in the registry.' }),
    version: z.string().min(1).optional().meta({ description: 'Version in the registry.' }),
    alias: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Alias in the registry, resolved when a release is made: `champion`.' }),
  })
  .check(
    across([], (context) => {
      const { version, alias } = context.value;
      if ((version === undefined) === (alias === undefined)) {
        report(
          context,
          'a registry model needs a version or an alias, and not both',
          'write version: "47" or alias: champion',
        );
      }
    }),
  )
  .meta({ id: 'RegistryModel', description: 'A model in a registry. A release locks it to one version.' });

/** What model is wanted. */
export const modelRef = z.union([modelUri, registryModel]).meta({
  id: 'ModelRef',
  description: 'What model is wanted: an immutable URI, or a name in a registry that a release locks.',
});

/** It stands in an environment variable, so no message repeats it. */
const outsideUrl = z.string().check((context) => {
  const url = context.value.includes('://') ? URL.parse(context.value) : null;
  if (!url) {
    report(context, 'the endpoint is not a URL', 'write it with its scheme: https://models.example.com');
  } else if (!/^https?:$/.test(url.protocol)) {
    report(
      context,
      `an endpoint is called by http or https, and not by ${url.protocol}//`,
      'write https://models.example.com, or hand over another address as plain text, without ModelRef.endpoint',
    );
  }
});

/** Where a request goes: a part of this service, another service of the platform, or a URL outside. */
export const endpoint = z
  .union([
    z.strictObject({
      part: dnsLabel.meta({ description: 'A part of this service that serves: `predictor`, or a name in `models`.' }),
    }),
    z.strictObject({
      service: dnsLabel.meta({ description: 'Another service of the platform, in the same environment.' }),
    }),
    z.strictObject({ url: outsideUrl.meta({ format: 'uri', description: 'A URL outside of the platform.' }) }),
  ])
  .meta({ id: 'Endpoint', description: 'The base URL of a model or service, handed in as an environment variable.' });

/** A model in the registry of that name. */
export type RegistryModelOf<Registry extends string> = Omit<RegistryModel, 'registry'> & { registry: Registry };

/**
 * References to models: what to serve (`uri`, `registry`), and where to send requests (`part`, `service`, `endpoint`).
 * They are plain data; what is wrong with one is an error at synth.
 *
 * @example
 * ModelRef.uri('s3://ml-models/fraud-detector/v47/')
 * ModelRef.registry('corp', 'fraud-detector@champion')
 * ModelRef.endpoint('https://models.example.com')
 */
export const ModelRef = {
  /**
   * A model by its immutable storage URI. A directory ends in `/`, an object does not.
   * Refused at synth: a floating place (`…/latest/`, `hf://org/name:main`) or one without a version in it.
   *
   * @param options `digest` of the content, as `<algorithm>:<value>`.
   * @example ModelRef.uri('s3://ml-models/fraud-detector/v47/')
   */
  uri(uri: string, options: Omit<ModelUri, 'uri'> = {}): ModelUri {
    return { uri, ...options };
  },

  /**
   * A model in one of the platform's registries: `name@alias` or `name:version`; a digest is a version after either sign. A
   * name with "@" or ":" in it is written as data: `{ registry, name, alias }`. Synth asks no registry: a release locks
   * the model to one version and its place, and the tree never carries an alias. Without such a release it is an error.
   *
   * @example
   * ModelRef.registry('corp', 'fraud-detector@champion')
   * ModelRef.registry('images', 'models/fraud-detector@sha256:<64 hex digits>')
   */
  registry<const Registry extends string>(registry: Registry, model: string): RegistryModelOf<Registry> {
    // Neither digests nor selectors as tag=<key>=<value> are free of the signs, so the first one counts.
    const [, name = model, sign, pick = ''] = /^([^@:]+)([@:])(.+)$/.exec(model) ?? [];
    if (sign === undefined) return { registry, name };
    return sign === ':' || /^sha256:[0-9a-f]{64}$/.test(pick)
      ? { registry, name, version: pick }
      : { registry, name, alias: pick };
  },

  /**
   * The base URL of a part of this service, without a slash at the end: `predictor`, or a name in `models`. For the
   * environment variables of a function; it is the part of the same release.
   *
   * @example env: { MODEL_URL: ModelRef.part('predictor') }
   */
  part(part: string): { part: string } {
    return { part };
  },

  /**
   * The base URL of another service of the platform, in the same environment. For environment variables. A service that
   * does not run there is an error at synth.
   *
   * @example env: { GEO_URL: ModelRef.service('geo') }
   */
  service(service: string): { service: string } {
    return { service };
  },

  /**
   * The base URL of a model outside of the platform, `http` or `https`. For environment variables.
   *
   * @example env: { MODEL_URL: ModelRef.endpoint('https://models.example.com') }
   */
  endpoint(url: string): { url: string } {
    return { url };
  },
} as const;
