import type { Finding, Rule } from '../core/finding.ts';
import { entriesOf, type Entry, type RunningServer } from '../release/serving.ts';
import { isLlm } from '../render/is-llm.ts';
import type { Target } from '../render/target.ts';
import { policyOf } from '../service/release-policy.ts';
import { countOfCharacters } from './kserve/names.ts';
import { reporter, type Report } from './report.ts';

/** Rules on models that LLMInferenceServices serve. */
export const LLM_RULES: readonly Rule[] = [
  {
    id: 'llm/not-installed',
    severity: 'error',
    summary: 'LLMInferenceServices need their controller on the cluster, and Istio for the address of the service.',
    source:
      "kserve v0.20.0: the path at KServe's gateway names namespace and model, and only a proxy can put it in front",
  },
  {
    id: 'llm/entry',
    severity: 'error',
    summary: 'An LLMInferenceService is the predictor, and answers the address of its service by itself.',
    source: 'kserve v0.20.0 router_group.go: weights hold on the path of the model alone',
  },
  {
    id: 'llm/name',
    severity: 'error',
    summary:
      "Names of an LLMInferenceService leave room for what is derived from them; the model's fits into a path, and no adapter has it.",
    source:
      'kserve v0.20.0 llmisvc workloadServiceName, llm_inference_service_validation.go; a Service name has 63 characters',
  },
  {
    id: 'llm/replicas',
    severity: 'error',
    summary: 'An LLMInferenceService has a fixed number of replicas.',
    source: 'kserve v0.20.0: its autoscalers need triggers, which no vocabulary here describes',
  },
  {
    id: 'llm/arguments',
    severity: 'error',
    summary: 'Arguments of an LLMInferenceService have no characters that a shell reads.',
    source: 'kserve v0.20.0 config/llmisvcconfig: a shell puts VLLM_ADDITIONAL_ARGS into the command line',
  },
  {
    id: 'llm/storage',
    severity: 'error',
    summary: 'An LLMInferenceService loads models from hf, s3, pvc and oci, and adapters from hf, s3 and pvc.',
    source: 'kserve v0.20.0 llmisvc controller: other schemes fail when it reconciles',
  },
  {
    id: 'llm/strategy',
    severity: 'error',
    summary: 'What KServe routes has weights, and no copies, headers or gates on answers.',
    source: "kserve v0.20.0 spec.router.route; istio's metrics see the gateway",
  },
  {
    id: 'llm/adapters',
    severity: 'error',
    summary: 'Releases between which traffic is split answer for the same names: of the model, and of its adapters.',
    source: 'kserve v0.20.0 router_group.go: members with other names form a group of their own (MemberDivergence)',
  },
];

const report = reporter(LLM_RULES);

/** The longest name that is derived from an LLMInferenceService's. */
const DERIVED = '-kserve-workload-svc';
/** What no shell changes. */
const PLAIN = /^[\w@%+=:,./-]+$/;
const MODEL_SCHEMES: ReadonlySet<string> = new Set(['hf', 's3', 'pvc', 'oci', 'oci+native']);
const ADAPTER_SCHEMES: ReadonlySet<string> = new Set(['hf', 's3', 'pvc']);

/**
 * Checks what a service asks of LLMInferenceServices; nothing where it has none.
 *
 * @example checkLlm(target) // [{ id: 'llm/adapters', where: { field: 'predictor.llm.adapters', … }, … }]
 */
export function checkLlm(target: Target): Finding[] {
  const { service, environment, clusterName, serving } = target;
  const result = report({ service, environment, cluster: clusterName });
  const servers = serving.workloads.filter((workload) => workload.kind === 'server');
  const onLlmd = servers.filter(isLlm);
  if (onLlmd.length === 0) return [];
  checkCluster(result, target);
  checkEntry(result, target, onLlmd);
  for (const server of onLlmd) checkServer(result, server);
  checkRouting(result, target);
  checkNames(result, entriesOf(serving));
  return result.findings;
}

const FIELD = 'predictor.llm';
const WITHOUT = 'leave llm out, which makes it an InferenceService';

function checkCluster({ add }: Report, { clusterName, cluster }: Target): void {
  if (!cluster.kserve?.llm) {
    add(
      'llm/not-installed',
      FIELD,
      `cluster ${clusterName} has no controller of LLMInferenceServices`,
      `add kserve.llm: { gatewayService } to the cluster, or ${WITHOUT}`,
    );
  }
  if (!cluster.istio) {
    add(
      'llm/not-installed',
      FIELD,
      `cluster ${clusterName} has no Istio to lead the address of the service to KServe's gateway`,
      `add istio: { version, dataplane } to the cluster, or ${WITHOUT}`,
    );
  }
}

function checkEntry({ add }: Report, { spec }: Target, servers: readonly RunningServer[]): void {
  for (const { part } of servers) {
    if (part !== 'predictor') {
      add(
        'llm/entry',
        `models.${part}.llm`,
        `model ${part} is called by a function, past the weights of its group`,
        WITHOUT,
      );
    }
  }
  const other = spec.function
    ? 'function'
    : spec.transformer
      ? 'transformer'
      : spec.explainer
        ? 'explainer'
        : undefined;
  if (other !== undefined && spec.predictor?.llm) {
    add(
      'llm/entry',
      other,
      `nothing leads requests from the ${other} to an LLMInferenceService`,
      `make the ${other} a service of its own, or ${WITHOUT}`,
    );
  }
}

function checkServer(
  { add }: Report,
  { name, servedName, part, model, server, scale: { scaling } }: RunningServer,
): void {
  const field = part === 'predictor' ? part : `models.${part}`;
  const over = `${name}${DERIVED}`.length - 63;
  if (over > 0) {
    add(
      'llm/name',
      field,
      `${name} is ${countOfCharacters(over)} too long: KServe makes the Service ${name}${DERIVED} of it`,
      `shorten the name of the service by ${over}`,
    );
  }
  if (servedName.includes('/')) {
    add(
      'llm/name',
      `${field}.servedName`,
      `${JSON.stringify(servedName)} stands in the path of requests, where "/" separates`,
      'write a name without "/"',
    );
  }
  if (scaling.min === 0 || (scaling.max ?? scaling.min) > scaling.min || scaling.target) {
    add(
      'llm/replicas',
      `${field}.scaling`,
      `min ${scaling.min} and max ${scaling.max ?? scaling.min} ask for an autoscaler, and an LLMInferenceService gets none from us`,
      'write min: 1 or more, and neither max nor target',
    );
  }
  server.llm?.adapters.forEach((adapter, index) => {
    if (adapter.name === servedName) {
      add(
        'llm/name',
        `${field}.llm.adapters[${index}].name`,
        `${adapter.name} is the name of the model already`,
        'give the adapter another name, or the model another servedName',
      );
    }
  });
  server.args?.forEach((arg, index) => {
    if (!PLAIN.test(arg)) {
      add(
        'llm/arguments',
        `${field}.args[${index}]`,
        'a shell would read the argument, and change it',
        'write letters, digits and @%+=:,./_- only, or put the rest into a file of the image',
      );
    }
  });
  const uris: [string, string | undefined, ReadonlySet<string>][] = [
    [`${field}.model`, model?.uri, MODEL_SCHEMES],
    ...(server.llm?.adapters ?? []).map(({ uri }, index): [string, string, ReadonlySet<string>] => [
      `${field}.llm.adapters[${index}].uri`,
      uri,
      ADAPTER_SCHEMES,
    ]),
  ];
  for (const [at, uri, schemes] of uris) {
    const scheme = uri?.slice(0, uri.indexOf(':'));
    if (scheme !== undefined && !schemes.has(scheme)) {
      add(
        'llm/storage',
        at,
        `an LLMInferenceService does not load ${scheme}:// here`,
        `use one of ${[...schemes].join(', ')}`,
      );
    }
  }
}

/** What KServe's routes cannot do. */
function checkRouting({ add }: Report, { spec, env }: Target): void {
  const { strategy, gates, mechanism } = policyOf(spec, env.rollout);
  const routed = 'KServe routes between LLMInferenceServices';
  if (strategy === 'shadow' || strategy === 'abTest') {
    add('llm/strategy', strategy, `${routed}, by weight only`, 'choose canary or blueGreen');
  }
  if (mechanism !== 'workloads') {
    add(
      'llm/strategy',
      'canary.mechanism',
      `${routed}, and each release is one of them`,
      "write mechanism: 'workloads'",
    );
  }
  gates.forEach((gate, index) => {
    const kind = 'errorRatio' in gate ? 'errorRatio' : 'latency' in gate ? 'latency' : undefined;
    if (kind !== undefined) {
      add(
        'llm/strategy',
        `${strategy}.gates[${index}]`,
        `${routed}, and ${kind} cannot tell their releases apart`,
        'gate by registryMetric, or by a prometheus query of your own',
      );
    }
  });
}

/** The names that a release answers for: its model's, and those of its adapters. */
function namesOf({ workload }: Entry): string[] | undefined {
  if (workload.kind !== 'server' || !workload.server.llm) return undefined;
  return [workload.servedName, ...workload.server.llm.adapters.map(({ name }) => name)].sort();
}

function checkNames({ add }: Report, [stable, ...others]: readonly Entry[]): void {
  if (!stable) return;
  const said = (names: readonly string[] | undefined): string => names?.join(', ') ?? 'no LLMInferenceService';
  const own = namesOf(stable);
  for (const other of others) {
    const names = namesOf(other);
    if (said(names) === said(own)) continue;
    const message = `${stable.release} answers for ${said(own)}, and ${other.release} for ${said(names)}: KServe splits no traffic between them`;
    add(
      'llm/adapters',
      `${FIELD}.adapters`,
      message,
      'give both the same names, or make it a service of its own; one name may load another version',
    );
  }
}
