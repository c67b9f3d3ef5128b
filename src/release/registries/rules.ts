import { findingOf, type Rule } from '../../core/finding.ts';

/** What asking a model registry may come to. */
export const REGISTRY_RULES = [
  {
    id: 'registry/setting',
    severity: 'error',
    summary: 'The registry is configured with what is needed to find a model in it.',
    source: 'ours: a place is never guessed',
  },
  {
    id: 'registry/credentials',
    severity: 'error',
    summary:
      'There are credentials in the environment or from the command line of the vendor, and the registry takes them.',
    source: 'ours: configuration carries no credentials',
  },
  {
    id: 'registry/unreachable',
    severity: 'error',
    summary: 'The registry answers within 30 s, after at most four attempts.',
    source: 'ours: commands end',
  },
  {
    id: 'registry/answer',
    severity: 'error',
    summary: 'The registry answers what its documentation says.',
    source:
      'REST API 2.0 of MLflow, SageMaker API 2017-07-24, Azure ML 2025-09-01, Vertex AI v1, Hugging Face Hub API, OCI distribution 1.1',
  },
  {
    id: 'registry/not-found',
    severity: 'error',
    summary: 'The model, version or alias that is asked for is there.',
    source: 'ours: a release names what exists',
  },
  {
    id: 'registry/request',
    severity: 'error',
    summary: 'A request names a version, or a word that the registry resolves to one.',
    source: 'ours: a release locks a version; Vertex AI would take a bare id for its default version',
  },
  {
    id: 'registry/not-ready',
    severity: 'error',
    summary: 'The registry has taken the version in completely.',
    source: 'ModelVersionStatus of MLflow, ModelPackageStatus of SageMaker',
  },
  {
    id: 'registry/not-approved',
    severity: 'error',
    summary: 'The version is approved where the registry knows approval, unless the policy takes others.',
    source: 'ModelApprovalStatus of SageMaker; a tag on the version elsewhere',
  },
  {
    id: 'registry/place',
    severity: 'error',
    summary: 'The registry names a place that KServe can load, and that a version in the path or a digest pins.',
    source: 'ValidateStorageURI of kserve v0.20.0',
  },
  {
    id: 'registry/place-reused',
    severity: 'warning',
    summary: 'A place has the version in its path, so that nobody writes another model there.',
    source: 'ours: KServe compares no digest when it loads; `ai-service lock verify` does',
  },
  {
    id: 'registry/unread',
    severity: 'warning',
    summary: 'The bytes of a model can be read when it is locked, so that a change of them is noticed later.',
    source: 'ours: KServe checks no bytes when it loads from object storage',
  },
] as const satisfies readonly Rule[];

/** A finding of one of these rules. */
export const registryFinding = findingOf(REGISTRY_RULES);

/** Id of one of these rules. */
export type RegistryRule = (typeof REGISTRY_RULES)[number]['id'];
