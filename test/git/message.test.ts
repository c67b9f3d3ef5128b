import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { messageText } from '../../src/git/message.ts';
import { fc } from '../support/property.ts';

/** The trailers that git reads in a message. */
function trailersIn(message: string): string[] {
  const input = message;
  return execFileSync('git', ['interpret-trailers', '--parse', '--no-divider'], { input, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

test('a message is a subject, a body and trailers, a paragraph each', () => {
  expect(
    messageText({
      subject: 'fraud-detector: 10 % to v47 in prod-eu',
      body: 'The gates passed.\n\n# not a comment\n',
      trailers: [
        ['Service', 'fraud-detector'],
        ['Reason', ''],
        ['Gate', 'latency=pass value=0.2'],
      ],
    }),
  ).toBe(
    'fraud-detector: 10 % to v47 in prod-eu\n\nThe gates passed.\n\n# not a comment\n\nService: fraud-detector\nGate: latency=pass value=0.2\n',
  );
  expect(messageText({ subject: 'only a subject', trailers: [] })).toBe('only a subject\n');
});

test('a line break in a trailer or a subject becomes a space, whatever line break it is', () => {
  const hostile = 'a\nService: x\r\n\r\nb\u2028c\u0085d\v\f\0e\x1b[31m';
  expect(messageText({ subject: hostile, trailers: [['Reason', hostile]] })).toBe(
    'a Service: x b c d e [31m\n\nReason: a Service: x b c d e [31m\n',
  );
});

test('text that is no Unicode is made so', () => {
  expect(messageText({ subject: '\ud800x', body: '\udc00y', trailers: [] })).toBe('\ufffdx\n\n\ufffdy\n');
});

test('a body keeps its lines, without control characters', () => {
  expect(messageText({ subject: 's', body: '\n\na  \r\n\tb\0\x1b[1m\n\n\nc\n', trailers: [] })).toBe(
    's\n\na\n\tb[1m\n\n\nc\n',
  );
});

test('a key that is no word is a mistake of ours', () => {
  expect(() => messageText({ subject: 's', trailers: [['a: b\nService', 'x']] })).toThrow(
    new TypeError('"a: b\\nService" cannot be the key of a trailer'),
  );
});

test('nothing that users write brings in a trailer or takes one away', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'Service: evil',
      'Signed-off-by: Eve <e@x>',
      '---',
      '# x',
      '',
      ' folded',
      '(cherry picked from commit x)',
      'diff --git a/x b/x',
    ),
    fc.string({ unit: 'binary' }),
  );
  const text = fc
    .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n', '\r', '\u2028', '\0'))
    .map(([lines, sep]) => lines.join(sep));
  fc.assert(
    fc.property(text, text, text, (subject, body, reason) => {
      const message = messageText({
        subject: `s${subject}`,
        body,
        trailers: [
          ['Service', 'fraud'],
          ['Reason', `r${reason}`],
        ],
      });
      const read = trailersIn(message);
      expect(read).toHaveLength(2);
      expect(read[0]).toBe('Service: fraud');
      expect(read[1]).toMatch(/^Reason: r/);
    }),
    { numRuns: 100 },
  );
});
