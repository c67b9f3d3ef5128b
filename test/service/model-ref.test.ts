import { describe, expect, test } from 'vitest';
import { endpoint, modelRef, ModelRef } from '../../src/service/model-ref.ts';
import { parseWith } from '../../src/service/parse.ts';

const DIGEST = `sha256:${'1f'.repeat(32)}`;

describe('a model in a registry', () => {
  test.each([
    ['fraud@champion', { name: 'fraud', alias: 'champion' }],
    ['fraud:47', { name: 'fraud', version: '47' }],
    [`models/fraud:${DIGEST}`, { name: 'models/fraud', version: DIGEST }],
    [`models/fraud@${DIGEST}`, { name: 'models/fraud', version: DIGEST }],
    ['models/fraud@v47', { name: 'models/fraud', alias: 'v47' }],
    ['acme/support-llm@refs/pr/1', { name: 'acme/support-llm', alias: 'refs/pr/1' }],
    ['fraud#prepare@latestApproved', { name: 'fraud#prepare', alias: 'latestApproved' }],
    ['fraud@stage=Production', { name: 'fraud', alias: 'stage=Production' }],
    ['fraud@tag=source=git:main@7f3a', { name: 'fraud', alias: 'tag=source=git:main@7f3a' }],
  ])('%s is a name with an alias or a version', (text, parts) => {
    expect(ModelRef.registry('corp', text)).toEqual({ registry: 'corp', ...parts });
  });

  test.each(['fraud', 'fraud@', ':47', '@champion'])('%s is neither, which synth says', (text) => {
    const model = ModelRef.registry('corp', text);
    expect(model).toEqual({ registry: 'corp', name: text });
    expect(
      parseWith(modelRef, model, { field: 'predictor.model' }).findings.map(({ where, message, fix }) => [
        where.field,
        message,
        fix,
      ]),
    ).toEqual([
      [
        'predictor.model',
        'a registry model needs a version or an alias, and not both',
        'write version: "47" or alias: champion',
      ],
    ]);
  });
});

describe('an endpoint', () => {
  const problems = (url: string): string[] =>
    parseWith(endpoint, ModelRef.endpoint(url), {}).findings.map(
      ({ where, message, fix }) => `${where.field}: ${message}; ${fix}`,
    );

  test.each(['https://models.example.com', 'http://models.example.com:8080/v1?a=b', 'HTTPS://MODELS.example.com'])(
    '%s is one',
    (url) => {
      expect(problems(url)).toEqual([]);
    },
  );

  test('by another protocol is refused, and the address is not repeated', () => {
    expect(problems('ftp://user:hunter2@models.example.com')).toEqual([
      'url: an endpoint is called by http or https, and not by ftp://; write https://models.example.com, or hand over another address as plain text, without ModelRef.endpoint',
    ]);
  });

  test.each(['models.example.com', 'localhost:8080', 'http:models', 'https://', ''])(
    'that is not a URL is refused: %j',
    (url) => {
      expect(problems(url)).toEqual([
        'url: the endpoint is not a URL; write it with its scheme: https://models.example.com',
      ]);
    },
  );
});
