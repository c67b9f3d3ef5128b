import { compare, number, subtract, time, vector } from '../expr.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, selector } from '../selector.ts';

/** The model that serves. */
export interface ServingModel {
  readonly release: string;
  /** When its version was made, as Unix time in seconds. */
  readonly created: number;
  /** Days after which it should have been trained again. */
  readonly maxDays: number;
}

/**
 * The age of the model that serves. When it was made stands in the release record, so no server has to say it.
 *
 * Runbook: run the training pipeline; `ai-service release` takes up the new version.
 */
export function modelAge(subject: Subject, { release, created, maxDays }: ServingModel): RuleGroup {
  const labels = { ...identityLabels(subject), release };
  const of = selector(
    'ai_model:created:timestamp_seconds',
    Object.entries(labels).map(([label, value]) => equal(label, value)),
  );
  return {
    name: groupName(subject, 'model-age'),
    rules: [
      record('ai_model:created:timestamp_seconds', vector(created), labels),
      alert(subject, 'AiModelStale', {
        expr: compare(subtract(time(), of), '>', number(maxDays * 86_400)),
        for: '1h',
        severity: 'warning',
        labels: { release },
        summary: template`The model of ${subject.service} is old.`,
        description: [
          template`the model of ${release} was made {{ $value | humanizeDuration }} ago; it should be younger than ${maxDays} days.`,
        ],
      }),
    ],
  };
}
