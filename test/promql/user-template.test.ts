import { expect, test } from 'vitest';
import { readTemplate } from '../../src/promql/user-template.ts';

test.each([
  ['The score is high.', []],
  ['{{ $value }} of {{$labels.part}}', ['part']],
  ['{{ $value | humanizePercentage }}, {{ printf "%.2f%%" $value }}, {{ $value | printf "%.1f" }}', []],
  ['{{ $labels.model | toUpper }} }} { }', ['model']],
])('%j has placeholders that always work', (text, labels) => {
  expect(readTemplate(text)).toEqual({ template: { text, labels } });
});

test.each([
  ['{{ .Values.x }}', '{{ .Values.x }}'],
  ['a {{ $value', '{{ $value'],
  ['{{ $label.x }}', '{{ $label.x }}'],
  ['{{ query "up" }}', '{{ query "up" }}'],
  ['{{ $value | humanise }}', '{{ $value | humanise }}'],
  ['{{ $labels.x | humanize }}', '{{ $labels.x | humanize }}'],
  ['{{ $value }} {{ end }}', '{{ end }}'],
  ['{{ "{{ $value }}', '{{ "{{ $value }}'],
  ['{{ printf "%d" $value }}', '{{ printf "%d" $value }}'],
])('%j has one that may fail: %s', (text, wrong) => {
  expect(readTemplate(text)).toEqual({ wrong });
});
