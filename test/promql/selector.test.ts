import { describe, expect, test } from 'vitest';
import {
  equal,
  exactly,
  isLabelName,
  isOneOf,
  matches,
  notMatches,
  pattern,
  quote,
  selector,
} from '../../src/promql/selector.ts';
import { fc } from '../support/property.ts';

describe('a selector', () => {
  test('is the metric and its conditions, in the order given', () => {
    expect(selector('up', []).text).toBe('up');
    expect(
      selector('up', [equal('job', 'a'), matches('code', pattern`5..`), notMatches('code', pattern`50.`)]).text,
    ).toBe('up{job="a",code=~"5..",code!~"50."}');
  });

  test('quotes a metric whose name is no classic name, so that it stays a name', () => {
    expect(selector('a} or up{b="', [equal('job', 'x')]).text).toBe(String.raw`{__name__="a} or up{b=\"",job="x"}`);
    expect(selector('', []).text).toBe('{__name__=""}');
  });

  test('refuses label names that are none: they come from our code only', () => {
    expect(() => equal('a-b', 'x')).toThrow(new TypeError('"a-b" is not a label name'));
    expect(() => matches('__name__', exactly('x'))).toThrow('"__name__" is not a label name');
  });
});

describe('a label value', () => {
  test.each([
    ['say "hi"', '"say \\"hi\\""'],
    ['a\\', '"a\\\\"'],
    ['a\nb', '"a\\nb"'],
    ['\t\r\0\x7f', '"\\u0009\\u000d\\u0000\\u007f"'],
    ['\ud800x', '"\ufffdx"'],
    ['ü😀', '"ü😀"'],
    ['}) or vector(1) #', '"}) or vector(1) #"'],
  ])('%j is quoted', (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });

  test('whatever it is, ends where its quotes end, and reads back as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const quoted = quote(text);
        expect(quoted).toMatch(/^"(?:[^"\\\n]|\\.)*"$/u);
        // JSON has all the escapes that we use.
        expect(JSON.parse(quoted)).toBe(text);
      }),
    );
  });
});

describe('a pattern', () => {
  test('keeps our regular expression and quotes what is interpolated', () => {
    expect(pattern`${'fraud.detector+'}(-[0-9]+)?`.source).toBe('fraud\\.detector\\+(-[0-9]+)?');
    expect(matches('service', pattern`${'a.b'}-\d`).value).toBe('a\\.b-\\d');
  });

  test('of one text asks for equality', () => {
    expect(matches('code', exactly('a.b'))).toEqual({ label: 'code', operator: '=', value: 'a.b' });
    expect(isOneOf('code', ['a.b', 'a.b'])).toEqual({ label: 'code', operator: '=', value: 'a.b' });
  });

  test('of several texts lists each once, sorted', () => {
    expect(isOneOf('code', ['b|c', 'a', 'a'])).toEqual({ label: 'code', operator: '=~', value: 'a|b\\|c' });
  });

  test('matches its text and nothing else, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, other) => {
        const regex = new RegExp(`^(?:${exactly(text).source})$`, 'su');
        expect(regex.test(text)).toBe(true);
        expect(regex.test(other)).toBe(other === text);
      }),
    );
  });
});

test('label names are those that every Prometheus accepts', () => {
  expect(['ai_service', 'a1'].every(isLabelName)).toBe(true);
  expect(['1a', 'a-b', 'a:b', '', 'ä', '__name__'].some(isLabelName)).toBe(false);
});
