import { isLabelValue } from '../../core/names.ts';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';
import { LABEL_VALUE, QUALIFIED_NAME } from './values.ts';

/** A selector as it stands in any kind. */
export interface SelectorLike {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly ExpressionLike[];
}

/** One expression of a selector. */
export interface ExpressionLike {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** How a selector compares. */
export const SELECTOR_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
const NODE_OPERATORS = [...SELECTOR_OPERATORS, 'Gt', 'Lt'];

/** Labels of a template, or those that a selector asks for. */
export function checkLabels({ add }: Report, path: string, labels: Labels | undefined): void {
  if (!labels) return;
  for (const [key, value] of Object.entries(labels)) {
    if (!QUALIFIED_NAME.test(key)) {
      add('kubernetes/label', path, `${showValue(key)} is no name of a label`, `write ${QUALIFIED_NAME.expected}`);
    }
    if (!isLabelValue(value)) {
      const length = value.length > 63 ? ` (${value.length} characters)` : '';
      const said = `${showValue(value)}${length} is no value of a label`;
      add('kubernetes/label', `${path}["${key}"]`, said, `write ${LABEL_VALUE.expected}`);
    }
  }
}

/** A selector by labels. */
export function checkSelector(report: Report, path: string, selector: SelectorLike | undefined): void {
  if (!selector) return;
  checkLabels(report, `${path}.matchLabels`, selector.matchLabels);
  selector.matchExpressions?.forEach((expression, index) =>
    checkExpression(report, `${path}.matchExpressions[${index}]`, expression, SELECTOR_OPERATORS),
  );
}

/** An expression on labels of nodes; `exact` where the API server looks at the values too. */
export function checkNodeExpression(report: Report, path: string, expression: ExpressionLike, exact: boolean): void {
  checkExpression(report, path, expression, NODE_OPERATORS, exact);
}

function checkExpression(
  { add }: Report,
  path: string,
  { key, operator, values = [] }: ExpressionLike,
  operators: readonly string[],
  exact = true,
): void {
  if (!operators.includes(operator)) {
    const known = operators.join(', ');
    add(
      'kubernetes/value',
      `${path}.operator`,
      `${showValue(operator)} is not one of ${known}`,
      `write one of ${known}`,
    );
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      const said = `${operator} compares with one value, not with ${values.length}`;
      add('kubernetes/selector', `${path}.values`, said, 'write one number, as text');
    }
  } else if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    add('kubernetes/selector', `${path}.values`, `${operator} without values matches nothing`, 'list values');
  } else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    const fix = `leave values out, or write operator: ${operator === 'Exists' ? 'In' : 'NotIn'}`;
    add('kubernetes/selector', `${path}.values`, `${operator} asks for the label alone`, fix);
  }
  if (!QUALIFIED_NAME.test(key)) {
    const said = `${showValue(key)} is no name of a label`;
    add('kubernetes/label', `${path}.key`, said, `write ${QUALIFIED_NAME.expected}`);
  }
  if (!exact) return;
  values.forEach((value, index) => {
    if (isLabelValue(value)) return;
    const said = `${showValue(value)} is no value of a label`;
    add('kubernetes/label', `${path}.values[${index}]`, said, `write ${LABEL_VALUE.expected}`);
  });
}

/** A workload's own selector: it selects something, and that are the pods of its template. */
export function checkOwnSelector(report: Report, selector: SelectorLike, labels: Labels | undefined): void {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    const fix = 'write matchLabels with labels of the template';
    report.add('kubernetes/selector', 'spec.selector', 'selects every pod of the namespace', fix);
    return;
  }
  checkManualSelector(report, selector, labels);
}

/** A selector that someone wrote for a Job: it selects the pods of the template, and may select more. */
export function checkManualSelector(report: Report, selector: SelectorLike, labels: Labels | undefined): void {
  const path = 'spec.selector';
  checkSelector(report, path, selector);
  const miss = whyNoMatch(selector, labels ?? {});
  if (miss === undefined) return;
  const said = `the pods of the template are not selected: ${miss}`;
  report.add(
    'kubernetes/selector',
    path,
    said,
    'write the same labels in spec.selector and spec.template.metadata.labels',
  );
}

/** What of a selector the labels do not have. */
function whyNoMatch({ matchLabels = {}, matchExpressions = [] }: SelectorLike, labels: Labels): string | undefined {
  for (const [key, wanted] of Object.entries(matchLabels)) {
    const value = labels[key];
    if (value === undefined) return `they have no label ${showValue(key)}`;
    if (value !== wanted) return `label ${showValue(key)} is ${showValue(value)} on them, not ${showValue(wanted)}`;
  }
  for (const { key, operator, values = [] } of matchExpressions) {
    const value = labels[key];
    const listed = value !== undefined && values.includes(value);
    const fits =
      operator === 'In' ? listed : operator === 'NotIn' ? !listed : (operator === 'Exists') === (value !== undefined);
    if (!fits) return `${operator} does not hold for their label ${showValue(key)}`;
  }
  return undefined;
}
