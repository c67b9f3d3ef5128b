import { execFile } from 'node:child_process';
import { realNetwork } from '../../core/network.ts';
import type { RegistryConfig } from '../../service/registry.ts';
import type { Context } from './adapter.ts';
import type { RegistryDeps } from './deps.ts';
import type { Registry } from './registry.ts';

/**
 * Opens a registry of the platform by its configuration; loads the code of that kind of registry only. Asks nothing yet.
 *
 * @param name the registry's name in the platform's `registries`, for messages.
 * @example
 * const registry = await openRegistry('corp', platform.registries.corp, await defaultDeps(process.env));
 * const { value: model, findings } = await registry.resolve({ name: 'fraud-detector', alias: 'champion' });
 */
export async function openRegistry(name: string, config: RegistryConfig, deps: RegistryDeps): Promise<Registry> {
  const context: Context = { where: { field: `registries.${name}` }, deps };
  switch (config.kind) {
    case 'mlflow':
      return (await import('./mlflow.ts')).openMlflow(config, context);
    case 'sagemaker':
      return (await import('./sagemaker.ts')).openSageMaker(config, context);
    case 'azureml':
      return (await import('./azureml.ts')).openAzureMl(config, context);
    case 'vertex':
      return (await import('./vertex.ts')).openVertexAi(config, context);
    case 'huggingface':
      return (await import('./hugging-face.ts')).openHuggingFace(config, context);
    case 'oci':
      return (await import('./oci.ts')).openOci(config, context);
  }
}

/** Models by immutable URI, which need no registry: the name is the URI. `verify` reads what can be read of the bytes. */
export async function openImmutable(deps: RegistryDeps): Promise<Registry> {
  return (await import('./immutable.ts')).openImmutableUris({ where: {}, deps });
}

/** How long the command line of a vendor may take; a login that waits for a browser must not stop a pipeline. */
const PROGRAM_TIMEOUT_MS = 30_000;

/** The real world: the network, through the proxies that the environment names, and programs. */
export async function defaultDeps(env: RegistryDeps['env']): Promise<RegistryDeps> {
  return {
    ...(await realNetwork(env)),
    env,
    run: (file, args) =>
      new Promise((resolve) => {
        execFile(file, args, { encoding: 'utf8', timeout: PROGRAM_TIMEOUT_MS }, (error, output) =>
          resolve(error ? undefined : output),
        );
      }),
  };
}
