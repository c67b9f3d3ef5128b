import type { HttpHeaders } from '../../../imports/networking.istio.io/v1.js';
import type { Report } from '../report.ts';

/** A name of a header, in the characters that HTTP has for it. */
export function isHeaderName(name: string): boolean {
  return /^[-!#$%&'*+.^_`|~\w]+$/.test(name);
}

/** What is done to headers, of a rule or of one destination. */
export function checkHeaders({ add }: Report, field: string, headers: HttpHeaders | undefined): void {
  for (const direction of ['request', 'response'] as const) {
    const operations = headers?.[direction];
    const check = (place: string, name: string, mayBeHost: boolean): void => {
      const host = /^(?:host|:authority)$/i.test(name);
      if (name !== '' && !(host ? !mayBeHost : name.startsWith(':'))) return;
      const message = name === '' ? 'a header has no name' : `Envoy lets nobody change ${JSON.stringify(name)} here`;
      add('istio/headers', place, message, name === '' ? 'name the header' : 'remove it');
    };
    for (const how of ['set', 'add'] as const) {
      for (const [name, value] of Object.entries(operations?.[how] ?? {})) {
        const place = `${field}.${direction}.${how}`;
        check(place, name, direction === 'request');
        const flaw = valueFlaw(value);
        if (flaw !== undefined) {
          add('istio/headers', `${place}.${name}`, `the value ${flaw}`, 'write %% for a percent sign, and one line');
        }
      }
    }
    for (const name of operations?.remove ?? []) check(`${field}.${direction}.remove`, name, false);
  }
}

/** `%%`, `%NAME%`, `%NAME(text)%` and `%NAME(["a", "b"])%`: what Envoy puts into a value. */
const COMMAND =
  /%(?:%|[^%(]+%|[^%(]*\( *(?:[^[ ](?:[^)\\]|\\.)*|\[ *"(?:[^"\\]|\\.)*"(?: *, *"(?:[^"\\]|\\.)*")* *\] *)\) *%)/g;

/** What is wrong with the value of a header, as the end of a sentence. It may be a secret, so that it is not repeated. */
function valueFlaw(value: string): string | undefined {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return 'has a control character';
  return value.replace(COMMAND, '').includes('%') ? 'has a percent sign that begins nothing' : undefined;
}
