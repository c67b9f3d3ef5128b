/**
 * Text that some YAML parser has been seen to take for something else, or to refuse: booleans, nulls, numbers,
 * dates, merge keys and indicators of YAML 1.1 and 1.2, white space, line breaks and invisible characters.
 */
// prettier-ignore
export const HOSTILE_TEXT: readonly string[] = [
  // booleans and nulls
  'y', 'Y', 'yes', 'Yes', 'YES', 'n', 'N', 'no', 'No', 'NO', 'true', 'True', 'TRUE', 'false', 'False', 'FALSE',
  'on', 'On', 'ON', 'off', 'Off', 'OFF', 'null', 'Null', 'NULL', '~', '', 'nil', 'None', 'yEs', 'tRUE', 'nULL',
  // whole numbers
  '0', '1', '-1', '+1', '00', '01', '012', '-012', '08', '09', '0o17', '0O17', '-0o7', '+0o7', '0x1F', '0X1F', '0x', '-0x1',
  '0b1', '0B1', '0b1_0', '0b2', '1_000', '1__0', '_1', '1_', '0_7', '-1_0', '9223372036854775807', '18446744073709551616',
  // floats
  '1.', '.5', '0.5', '1.5', '-1.5', '+1.5', '1_0.5', '1._5', '._', '.', '..', '1e3', '1E3', '1e+3', '1e-3', '1.5e3', '1.e3',
  '.5e3', 'E0', 'e1', 'e+1', 'E-9', '-e1', '+E2', '1e', 'e', '.e1', '.inf', '.Inf', '.INF', '-.inf', '+.inf', '.nan', '.NaN', '.NAN',
  'inf', 'nan', 'NaN', 'Infinity', '-Infinity', '-0', '+0', '-0.0', '1e400', '0x1p3', '1,000', '0.20.0', '1.33', '1.30.0',
  // sexagesimals and dates
  '1:30', '12:30', '12:30:45', '190:20:30', '-1:30', '190:20:30.15', '0:0', '1:60', '2024-01-01', '2024-1-1', '2001-12-14t21:59:43.10-05:00',
  '2001-12-14 21:59:43.10 -5', '2001-12-15 2:59:43.10', '2024-01-01T00:00:00Z', '12:30am', '::', '001:db8::', 'a::b', '::1',
  // amounts that may stay plain
  '8Gi', '500m', '1.5Gi', '250ms', '1h30m', '30s', '25%', '1E', '5e', '5E3m', '1d', '1y', '1n', '1u', '1k', '1K', '3f9c', '1e5f', '12e03',
  // indicators
  '=', '<<', '!', '!!', '!x', '!!str x', '&a', '*a', '|', '>', '|-', '%', '%YAML', '@', '@x', '`', '`x`', '-', '--', '---', '- a', '-a', '--a',
  '--- a', '...', '... a', '?', '? a', '?a', ':', ': a', ':a', 'a:', 'a: ', 'a: b', 'a:b', 'a :b', '#', '# a', 'a #b', 'a#b', '#a', 'a,b', ',',
  '[', '[]', '[a]', ']', '{', '{}', '{a: b}', '}', '{{ $value }}', '{{.x}}', 'a [b', 'a {b}', '"', '"a"', "'", "'a'", "it's", 'say "x"', '\\', 'a\\nb',
  '(a)', '(a: b)', '$x', '$(X)', '/a', '//', '_', '__x__', 'key: value: more', 'a, b: c', '--x=y: z', '--enable-x', '-e1x', '-- a', '-inf', '-.5',
  // white space
  ' ', '  ', ' a', 'a ', 'a  b', '\t', '\ta', 'a\t', 'a\tb', '\n', '\n\n', 'a\n', 'a\n\n', '\na', '\n\na\n\n\n', ' a\nb', '\n a\nb', 'a\n b', 'a\n  b\n',
  'a \nb', 'a\t\nb', '\ta\nb', ' \ta\nb', '\n\ta', 'a\n\tb', 'a\n\n\tb\n', 'a\n \nb', 'a\n\n\nb', 'a\r\nb', 'a\rb', '\r', 'a\n# b', 'a\n---\nb', '---\na', 'a\n...\nb', '- a\n- b',
  'a: b\nc: d\n', '\n#a', '%a\nb', '|\n', 'a\n\n ', '  a\n b\nc', '\n\n  a', 'x\ty\nz\tw',
  // characters that are not what they look like
  '\0', '\x01', '\x07', '\b', '\x0b', '\f', '\x1b', '\x7f', '\x80', '\x85', 'a\x85b', '\x9f', '\xa0', 'a\xa0b', '\xad', '\u200b', '\u200d', '\u2028',
  'a\u2028b', '\u2029', 'a\nb\u2029c', '\ufeff', '\ufeffa', 'a\ufeffb', '\ufffe', '\uffff', '\ufffd', '\u202e', '\u2066', '\u3000', 'a\nb\x85c', 'a\n\ufeffb',
  'é', 'Überlauf', 'naïve\ncafé', '日本語', '\u{1f600}', 'a\n\u{1f600}', '\u{10ffff}', '\ue000', 'yes\u0301',
  // long ones
  'x'.repeat(2000), 'word '.repeat(500).trim(), `${'x'.repeat(200)}: ${'y'.repeat(2000)}`,
];
