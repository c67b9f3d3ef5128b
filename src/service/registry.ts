/** An MLflow tracking server with its model registry. */
export interface MlflowRegistry {
  readonly kind: 'mlflow';
  /** URL of the tracking server. */
  readonly url: string;
  /** The server's `--artifacts-destination`: where proxied `mlflow-artifacts:` URIs really are. */
  readonly artifactsDestination?: string;
}

/**
 * An MLflow registry, for the platform's `registries`. Credentials never stand here, and synth asks no registry.
 *
 * @example registries: { corp: mlflow({ url: 'https://mlflow.example.com', artifactsDestination: 's3://ml-models' }) }
 */
export function mlflow(options: Omit<MlflowRegistry, 'kind'>): MlflowRegistry {
  return { kind: 'mlflow', ...options };
}
