import { describe, expect, test } from 'vitest';
import { selector } from '../../src/promql/selector.ts';
import { alert, groupName, template, type Subject } from '../../src/promql/rule.ts';

const SUBJECT: Subject = {
  service: 'fraud-detector',
  namespace: 'risk-ml-prod',
  team: 'risk-ml',
  environment: 'prod-eu',
  escalation: undefined,
  page: 'critical',
};

describe('a template', () => {
  test('keeps our template language and prints foreign text as it is', () => {
    expect(template`${'{{ $labels.x }}'} is {{ $value | humanize }}`).toBe(
      '{{ "{" }}{{ "{" }} $labels.x }} is {{ $value | humanize }}',
    );
    expect(template`${'{'}{{ $value }}`).toBe('{{ "{" }}{{ $value }}');
    expect(template`${0.2}`).toBe('0.2');
  });
});

describe('an alert', () => {
  const text = { summary: template`It burns.`, description: [template`{{ $value }} is`, template`too much.`] };

  test('says whose it is in static labels, and where in its description', () => {
    expect(
      alert(SUBJECT, 'AiTest', {
        expr: selector('up', []),
        for: '5m',
        severity: 'warning',
        labels: { ai_slo: 'x' },
        ...text,
      }),
    ).toEqual({
      alert: 'AiTest',
      expr: 'up',
      for: '5m',
      labels: {
        severity: 'warning',
        ai_service: 'fraud-detector',
        namespace: 'risk-ml-prod',
        team: 'risk-ml',
        ai_slo: 'x',
      },
      annotations: {
        summary: 'It burns.',
        description: 'fraud-detector in prod-eu (namespace risk-ml-prod): {{ $value }} is too much. Team risk-ml.',
      },
    });
  });

  test('escapes foreign text in labels and in the escalation', () => {
    const { labels, annotations } = alert({ ...SUBJECT, escalation: '#{{x}}' }, 'AiTest', {
      expr: selector('up', []),
      for: '5m',
      severity: 'warning',
      labels: { metric: '{{x}}' },
      ...text,
    });
    expect(labels['metric']).toBe('{{ "{" }}{{ "{" }}x}}');
    expect(annotations.description).toContain('Team risk-ml, #{{ "{" }}{{ "{" }}x}}.');
  });
});

test('a group is named after what is watched, of which service, where', () => {
  expect(groupName(SUBJECT, 'availability')).toBe('ai-service.risk-ml-prod.fraud-detector.availability');
});
