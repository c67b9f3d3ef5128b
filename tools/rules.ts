import { STORY_RULES } from '../src/app/monitoring-test.ts';
import { REFERENCE_RULES } from '../src/app/reference-build.ts';
import { APP_RULES } from '../src/app/rules.ts';
import { OBJECT_RULES } from '../src/check/checker.ts';
import { DRIFT_RULES } from '../src/check/drift.ts';
import { GATE_POLICY_RULES } from '../src/check/gates.ts';
import { HEALTH_RULES } from '../src/check/health.ts';
import { LLM_RULES } from '../src/check/llm.ts';
import { MONITORING_RULES } from '../src/check/monitoring.ts';
import { CLUSTER_RULES } from '../src/check/objects.ts';
import { PROMQL_RULES } from '../src/check/promql.ts';
import { ROUTING_RULES } from '../src/check/routing.ts';
import { SERVING_RULES } from '../src/check/serving.ts';
import { STRATEGY_RULES } from '../src/check/strategy.ts';
import { TRAFFIC_RULES } from '../src/check/traffic.ts';
import { VERSION_RULES } from '../src/check/versions.ts';
import type { Rule } from '../src/core/finding.ts';
import { YAML_RULES } from '../src/core/read-yaml.ts';
import { GATE_RULES } from '../src/gate/rules.ts';
import { GIT_RULES } from '../src/git/rules.ts';
import { IMPORT_RULES } from '../src/import/rules.ts';
import { PLAN_RULES } from '../src/review/rules.ts';
import { REGISTRY_RULES } from '../src/release/registries/rules.ts';
import { RELEASE_RULES } from '../src/release/rules.ts';
import { SERVICE_RULES } from '../src/service/rules.ts';
import { TREE_RULES } from '../src/tree/rules.ts';
import { code, table } from './markdown.ts';

/** Every rule there is, in the order of a run: reading the sources, what they ask for, the objects, the files. */
export const ALL_RULES: readonly Rule[] = [
  ...APP_RULES,
  ...VERSION_RULES,
  ...YAML_RULES,
  ...SERVICE_RULES,
  ...RELEASE_RULES,
  ...REGISTRY_RULES,
  ...GATE_RULES,
  ...SERVING_RULES,
  ...LLM_RULES,
  ...TRAFFIC_RULES,
  ...STRATEGY_RULES,
  ...GATE_POLICY_RULES,
  ...MONITORING_RULES,
  ...DRIFT_RULES,
  ...HEALTH_RULES,
  ...REFERENCE_RULES,
  ...STORY_RULES,
  ...PROMQL_RULES,
  ...ROUTING_RULES,
  ...OBJECT_RULES,
  ...CLUSTER_RULES,
  ...TREE_RULES,
  ...GIT_RULES,
  ...PLAN_RULES,
  ...IMPORT_RULES,
];

/** What the rules of a room are about, by the first part of their ids. */
export const ROOMS: Readonly<Record<string, string>> = {
  plan: 'The trees that `ai-service plan` compares.',
  project: 'The files of a project.',
  platform: 'The platform.',
  checkout: 'Release commands in a checkout of the GitOps repository.',
  chart: 'What users add to the chart of a service: `ApiObject`, cdk8s-plus constructs.',
  patch: '`service.patch()`.',
  yaml: 'YAML files that are read.',
  service: 'Fields and values of services. The same rules hold for the platform and for the release store.',
  release: 'The release store, and what it says about the sources: see [releases.md](releases.md).',
  registry: 'Model registries: see [registries.md](registries.md).',
  gate: 'Gates of a release, and the Prometheus that they ask: see [gates.md](gates.md).',
  serving: 'What a service asks of its cluster in order to run.',
  llm: 'What a service asks of LLMInferenceServices: see [strategies.md](strategies.md#language-models-by-llminferenceservice).',
  traffic: 'What a service asks of its cluster in order to be reached.',
  strategy: 'What a release policy asks of the cluster: see [strategies.md](strategies.md).',
  monitoring: 'What a service asks to be watched.',
  health: 'What a service asks to be watched about its health and cost: see [health.md](health.md).',
  story: '`ai-service monitoring test`: see [alerting.md](alerting.md#testing-your-alerts).',
  reference: '`ai-service reference`: see [drift.md](drift.md).',
  promql: 'Alerts and recordings that a service brings along: see [alerting.md](alerting.md).',
  routing: 'Where the alerts of a service go: see [alerting.md](alerting.md).',
  schema: 'The schema of an object, with its CEL rules. Run on every object, whoever made it.',
  kubernetes: 'Objects of Kubernetes itself, beyond their schema, and pods that KServe and Knative make of theirs.',
  kserve: 'Objects of KServe.',
  knative: 'Objects of Knative Serving.',
  istio: 'Objects of Istio.',
  argocd: 'Objects of Argo CD, and annotations that it reads.',
  prometheus: 'Objects of the Prometheus operator.',
  secrets: 'Secret values, and references to them.',
  objects: 'Objects that stand together on one cluster.',
  tree: 'The files of the tree, and the folder that they go to: see [gitops-tree.md](gitops-tree.md).',
  git: 'The Git repository that commands read and commit to.',
  trail: '`ai-service history`, `audit` and `status`: see [trail.md](trail.md).',
  transition: '`ai-service verify-transition`: see [trail.md](trail.md).',
  lock: '`ai-service lock verify`: see [releases.md](releases.md).',
  import: '`ai-service import`: see [import.md](import.md).',
};

/** A table of rules for each room. */
export function rulesReference(): string {
  const rooms = [...new Set(ALL_RULES.map(({ id }) => roomOf(id)))];
  return rooms.map((room) => `### ${room}\n\n${aboutRoom(room)}\n\n${rulesTable(room)}`).join('\n\n');
}

function aboutRoom(room: string): string {
  const about = ROOMS[room];
  if (about === undefined) throw new Error(`say in ROOMS what the rules of ${room} are about`);
  return about;
}

function rulesTable(room: string): string {
  const rules = ALL_RULES.filter(({ id }) => roomOf(id) === room);
  const rows = rules.map(({ id, severity, summary, source }) => [code(id), severity, summary, source]);
  return table(['id', 'severity', 'what it demands', 'why, or whose rule it is'], rows);
}

function roomOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}
