import type { Environment, Optional } from '@marcbachmann/cel-js';
import { isDns1035, isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from '../../core/names.ts';
import { TEXT_FORMATS } from './formats.ts';

class Format {
  readonly test: (text: string) => boolean;
  readonly expected: string;
  constructor(test: (text: string) => boolean, expected: string) {
    this.test = test;
    this.expected = expected;
  }
}

const NAMED_FORMATS: ReadonlyMap<string, Format> = new Map([
  ['dns1123Label', new Format(isDnsLabel, 'a DNS-1123 label')],
  ['dns1123Subdomain', new Format(isDnsSubdomain, 'a DNS-1123 subdomain')],
  ['dns1035Label', new Format(isDns1035, 'a DNS-1035 label')],
  ['qualifiedName', new Format(isQualifiedName, 'a qualified name')],
  ['labelValue', new Format(isLabelValue, 'a label value')],
  ...['uri', 'uuid', 'byte', 'date'].map((name): [string, Format] => {
    const { test, name: expected } = TEXT_FORMATS.get(name)!;
    return [name, new Format(test, expected)];
  }),
  ['datetime', new Format(TEXT_FORMATS.get('date-time')!.test, 'a date-time')],
]);

/** `format`, the named formats (pkg/cel/library/format.go). */
export function registerFormats(environment: Environment, optional: typeof Optional): void {
  class Formats {}
  environment
    .registerType('kubernetes.Formats', Formats)
    .registerType('kubernetes.NamedFormat', Format)
    .registerConstant('format', 'kubernetes.Formats', new Formats())
    .registerFunction(
      'kubernetes.Formats.named(string): optional<kubernetes.NamedFormat>',
      (_: Formats, name: string) => optional.of(NAMED_FORMATS.get(name)),
    )
    .registerFunction(
      'kubernetes.NamedFormat.validate(string): optional<list<string>>',
      ({ test, expected }: Format, text: string) =>
        test(text) ? optional.none() : optional.of([`must be ${expected}`]),
    );
  for (const [name, one] of NAMED_FORMATS) {
    environment.registerFunction(`kubernetes.Formats.${name}(): kubernetes.NamedFormat`, () => one);
  }
}
