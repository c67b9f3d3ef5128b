import { describe, expect, test } from 'vitest';
import type { SchemaNode, ValidationRule } from '../../../src/check/schema/schema-node.ts';
import { problemsOf } from './fixture.ts';

/** An object with a field of every type, and these rules. */
function withRules(...rules: readonly (string | ValidationRule)[]): SchemaNode {
  return {
    type: 'object',
    properties: {
      count: { type: 'integer' },
      share: { type: 'number' },
      port: { 'x-kubernetes-int-or-string': true },
      name: { type: 'string' },
      mode: { type: 'string', default: 'Auto' },
      namespace: { type: 'string' },
      'cpu-limit': { type: 'string' },
      since: { type: 'string', format: 'date-time' },
      day: { type: 'string', format: 'date' },
      timeout: { type: 'string', format: 'duration' },
      secret: { type: 'string', format: 'byte' },
      items: { type: 'array', items: { type: 'object', properties: { weight: { type: 'integer', default: 1 } } } },
      limits: { type: 'object', additionalProperties: { type: 'integer' } },
    },
    'x-kubernetes-validations': rules.map((rule) => (typeof rule === 'string' ? { rule } : rule)),
  };
}

describe('values are typed by the schema', () => {
  test.each([
    ['self.count == 1', { count: 1 }],
    ['type(self.count) == int && type(self.share) == double', { count: 1, share: 1 }],
    ['type(self.port) == int', { port: 80 }],
    ['type(self.port) == string', { port: 'http' }],
    ['self.share > 0.25 && self.share < 1', { share: 0.5 }],
    ["self.__namespace__ == 'a' && self.cpu__dash__limit == '1'", { namespace: 'a', 'cpu-limit': '1' }],
    ["self.since < timestamp('2027-01-01T00:00:00Z')", { since: '2026-01-01T00:00:00Z' }],
    ["self.since > timestamp('2026-01-01T00:00:00Z')", { since: '2026-01-01T00:00:00.123456789+00:00' }],
    ["self.day == timestamp('2026-01-31T00:00:00Z')", { day: '2026-01-31' }],
    ['type(self.timeout) == string', { timeout: '0' }],
    ["self.timeout == duration('90s')", { timeout: '1m30s' }],
    ["self.secret == b'hi'", { secret: 'aGk=' }],
    ['self.items.map(i, i.weight).sum() == 4', { items: [{ weight: 3 }, {}] }],
    ['self.limits.all(k, self.limits[k] < 5)', { limits: { a: 1, b: 4 } }],
    ['has(self.name)', { name: '' }],
    ['!has(self.name)', {}],
    ['has(self.items[0].weight)', { items: [{}] }],
  ])('%s holds for %j', (rule, value) => {
    expect(problemsOf(withRules(rule), value)).toEqual([]);
  });

  test('defaults are filled in before the rules run, and not into what is written', () => {
    const value = { count: 2 };
    expect(problemsOf(withRules("self.mode == 'Auto'"), value)).toEqual([]);
    expect(problemsOf(withRules("self.mode == 'Auto'"), { mode: 'Manual' })).toHaveLength(1);
    expect(value).toEqual({ count: 2 });
  });
});

describe('what a broken rule says', () => {
  test('the rule, when the schema has no message', () => {
    expect(problemsOf(withRules('self.count > 1'), { count: 1 })).toEqual([
      ': schema/cel: fails the rule self.count > 1 -> change it so that the rule holds',
    ]);
  });

  test('the message of the schema', () => {
    expect(problemsOf(withRules({ rule: 'self.count > 1', message: 'needs two' }), { count: 1 })).toEqual([
      ': schema/cel: needs two -> change it so that self.count > 1 holds',
    ]);
  });

  test('the message expression, unless it fails or is empty', () => {
    const rule = { rule: 'self.count > 1', message: 'needs two' };
    const say = (messageExpression: string) => problemsOf(withRules({ ...rule, messageExpression }), { count: 1 })[0];
    expect(say("'has ' + string(self.count)")).toBe(': schema/cel: has 1 -> change it so that self.count > 1 holds');
    expect(say('self.name')).toBe(': schema/cel: needs two -> change it so that self.count > 1 holds');
    expect(say("' '")).toBe(': schema/cel: needs two -> change it so that self.count > 1 holds');
  });

  test('the field that the rule points to', () => {
    const rule = { rule: 'self.count > 1', fieldPath: ".limits['a.b'].c" };
    expect(problemsOf(withRules(rule), { count: 1 })[0]).toMatch(/^limits\["a\.b"\]\.c: schema\/cel: /);
  });

  test('a scalar shows itself', () => {
    const schema: SchemaNode = {
      type: 'string',
      'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1ms')" }],
    };
    expect(problemsOf(schema, '1s')).toEqual([]);
    expect(problemsOf(schema, '10us')).toEqual([
      ': schema/cel: "10us": fails the rule duration(self) >= duration(\'1ms\') -> change it so that the rule holds',
    ]);
  });

  test('an error while evaluating is a problem, as in the API server', () => {
    expect(problemsOf(withRules("self.name == 'x'"), {})).toEqual([
      ": schema/cel: the rule self.name == 'x' cannot be evaluated: No such key: name -> write the fields that the rule reads",
    ]);
  });

  test('every broken rule is said', () => {
    expect(problemsOf(withRules('self.count > 1', 'self.count > 2', 'self.count > 0'), { count: 1 })).toHaveLength(2);
  });
});

describe('when a rule runs', () => {
  test('not on a value of the wrong shape, whose problem has been said', () => {
    expect(problemsOf(withRules('self.count > 1'), { count: 'x' })).toEqual([
      'count: schema/type: "x" is a string, and must be an integer -> write an integer',
    ]);
  });

  test('but also when a rule below is broken', () => {
    const schema: SchemaNode = {
      type: 'object',
      properties: { inner: withRules('self.count > 1') },
      'x-kubernetes-validations': [{ rule: 'self.inner.count > 5' }],
    };
    expect(problemsOf(schema, { inner: { count: 1 } }).map((text) => text.split(':')[0])).toEqual(['inner', '']);
  });

  test('not where there is no value', () => {
    const schema: SchemaNode = { type: 'object', properties: { inner: withRules('false') } };
    expect(problemsOf(schema, {})).toEqual([]);
    const nullable: SchemaNode = { type: 'string', nullable: true, 'x-kubernetes-validations': [{ rule: 'false' }] };
    expect(problemsOf(nullable, null)).toEqual([]);
  });

  test('not when it compares with an object that is not there yet', () => {
    expect(problemsOf(withRules('self == oldSelf'), { count: 1 })).toEqual([]);
  });

  test('unless it can do without', () => {
    const rule = { rule: 'oldSelf.hasValue() || self.count == 1', optionalOldSelf: true };
    expect(problemsOf(withRules(rule), { count: 1 })).toEqual([]);
    expect(problemsOf(withRules(rule), { count: 2 })).toHaveLength(1);
  });

  test('a rule that the library does not understand is said and skipped', () => {
    expect(problemsOf(withRules('isSemver(self.name)', 'self.count > 1'), { count: 1, name: 'x' })).toEqual([
      ': schema/cel: fails the rule self.count > 1 -> change it so that the rule holds',
      "unchecked: the CEL rule isSemver(self.name) is not understood here: found no matching overload for 'isSemver(dyn)'",
    ]);
    expect(problemsOf(withRules('self.count >'), { count: 1 })[0]).toMatch(
      /^unchecked: the CEL rule self\.count > is not/,
    );
  });
});

describe('the functions that Kubernetes adds', () => {
  test.each([
    "url('https://example.com:8443/a?x=1&x=2').getPort() == '8443'",
    "url('https://example.com:8443/a?x=1&x=2').getHost() == 'example.com:8443'",
    "url('https://example.com:8443/a?x=1&x=2').getHostname() == 'example.com'",
    "url('https://example.com:8443/a?x=1&x=2').getQuery()['x'].size() == 2",
    "url('https://example.com:8443/a?x=1&x=2').getEscapedPath() == '/a'",
    "url('https://example.com').getScheme() == 'https' && isURL('/a') && !isURL('a')",
    "isIP('::1') && !isIP('x') && ip('::1').isLoopback() && ip('10.0.0.1').family() == 4",
    "ip.isCanonical('::1') && !ip.isCanonical('0:0::1') && string(ip('0:0::1')) == '::1'",
    "ip('0.0.0.0').isUnspecified() && ip('169.254.1.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast()",
    "ip('8.8.8.8').isGlobalUnicast() && !ip('127.0.0.1').isGlobalUnicast()",
    "isCIDR('10.0.0.0/8') && cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsIP(ip('10.1.2.3'))",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
    "cidr('10.1.2.3/8').ip() == ip('10.1.2.3') && cidr('::/0') == cidr('0::/0') && ip('::') != ip('0.0.0.0')",
    "quantity('1k') == quantity('1000') && quantity('1k') != quantity('1Ki')",
    "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8' && cidr('10.1.2.3/8').prefixLength() == 8",
    "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1G').isLessThan(quantity('1Gi')) && isQuantity('1Ki')",
    "quantity('1k').compareTo(quantity('1000')) == 0 && quantity('-1').sign() == -1 && !isQuantity('8GB')",
    "quantity('50k').add(20).asInteger() == 50020 && quantity('2').sub(quantity('500m')).asApproximateFloat() == 1.5",
    "quantity('2').add(quantity('1')).sub(1).isInteger() && !quantity('1500m').isInteger()",
    "format.dns1123Label().validate('A').hasValue() && !format.dns1123Label().validate('a').hasValue()",
    "format.named('uri').hasValue() && !format.named('x').hasValue() && !format.labelValue().validate('').hasValue()",
    "[1, 2, 3].sum() == 6 && [1.5, 2.5].sum() == 4.0 && [2, 1].min() == 1 && ['a', 'b'].max() == 'b'",
    '[1, 2, 2].isSorted() && ![2, 1].isSorted() && [1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2',
    "'abc 123'.find('[0-9]+') == '123' && 'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1b2'.findAll('[0-9]', 1) == ['1']",
    "'abc'.charAt(1) == 'b' && 'hello'.replace('l', 'L') == 'heLLo' && 'hello'.replace('l', 'L', 1) == 'heLlo'",
    "'ABC'.matches('^(?i)abc$') && !'abc'.matches('^ABC$')",
    'sets.contains([1, 2], [1]) && sets.equivalent([1, 2], [2, 1]) && sets.intersects([1], [1, 2])',
    "duration('1h30m').getMinutes() == 90 && timestamp('2026-01-01T00:00:00Z').getFullYear() == 2026",
    'optional.of(1).hasValue() && self.?name.orValue("x") == "x"',
  ])('%s', (rule) => {
    expect(problemsOf(withRules(rule), {})).toEqual([]);
  });

  test.each([
    ["url('a').getHost() == ''", 'URL parse error: a'],
    ["ip('x').family() == 4", 'IP Address "x" parse error'],
    ["quantity('8GB').isInteger()", 'quantity "8GB" parse error'],
    ['[].min() == 1', 'min called on empty list'],
    ["'a'.matches('(')", 'invalid regular expression ('],
    ["'a'.charAt(5) == ''", 'index out of range: 5'],
  ])('%s is an error', (rule, reason) => {
    expect(problemsOf(withRules(rule), {})[0]).toContain(`cannot be evaluated: ${reason}`);
  });
});
