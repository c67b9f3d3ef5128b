import { describe, expect, test } from 'vitest';
import { trafficWords } from '../../../src/review/words/traffic.ts';
import { inWords } from './support.ts';

const to = (release: string): string =>
  `route: [{ destination: { host: fraud-detector-${release}-predictor.risk-ml-prod.svc.cluster.local }, headers: { response: { set: { x-model-version: ${release} } } } }]`;
const HEADER = `{ name: testers, match: [{ headers: { x-cohort: { exact: b } } }], ${to('v47')} }`;
const PATH = `{ name: batch, match: [{ uri: { prefix: /batch } }], ${to('v47')} }`;
const DEFAULT = `{ name: default, ${to('v46')} }`;

const istio = (...http: readonly string[]): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec: { gateways: [mesh], hosts: [fraud-detector], http: [${http.join(', ')}] }
`;
const words = (before: string, after: string): string[] => inWords(trafficWords, before, after);

describe('the first route of a VirtualService that matches gets the request', () => {
  test('so another order is said', () => {
    expect(words(istio(HEADER, PATH, DEFAULT), istio(PATH, HEADER, DEFAULT))).toEqual([
      'routes of fraud-detector are tried in the order batch, testers and default (was testers, batch and default) [medium risk/traffic]',
    ]);
  });

  test('and one behind the route of all requests gets none', () => {
    expect(words(istio(HEADER, DEFAULT), istio(DEFAULT, HEADER))).toEqual([
      'requests with x-cohort: b go where all others go [low risk/retreat]',
      'no request comes to route testers of fraud-detector: default takes all before it',
    ]);
    expect(words(istio(PATH, DEFAULT), istio(DEFAULT, PATH))).toEqual([
      'requests for /batch of fraud-detector have no route of their own [high risk/address]',
      'no request comes to route batch of fraud-detector: default takes all before it',
    ]);
  });

  test('also when it is new', () => {
    expect(words(istio(DEFAULT), istio(DEFAULT, HEADER))).toEqual([
      'no request comes to route testers of fraud-detector: default takes all before it',
    ]);
  });

  test('and when it comes before the other one, requests follow it', () => {
    expect(words(istio(DEFAULT, HEADER), istio(HEADER, DEFAULT))).toEqual([
      'requests with x-cohort: b go to release v47 [medium risk/traffic]',
    ]);
  });

  test('a route of all requests before the one that there is takes its place', () => {
    expect(words(istio(DEFAULT), istio(`{ name: all, ${to('v47')} }`, DEFAULT))).toEqual([
      'fraud-detector sends all traffic to release v47 (was 0 %) [high risk/traffic-step]',
      'no request comes to route default of fraud-detector: all takes all before it',
    ]);
  });

  test.each([
    ['redirect: { uri: /v2 }', 'are redirected to /v2'],
    ['redirect: { authority: api.example.com, uri: /v2 }', 'are redirected to api.example.com/v2'],
    ['directResponse: { status: 503 }', 'are answered with 503'],
    ['delegate: { name: other }', 'go where VirtualService other says'],
  ])('requests of a route with %s', (what, said) => {
    const old = `{ name: old, match: [{ uri: { prefix: /v1 } }], ${what} }`;
    expect(words(istio(DEFAULT), istio(old, DEFAULT))).toEqual([
      `requests for /v1 of fraud-detector ${said} [medium risk/traffic]`,
    ]);
  });
});

test('by the Gateway API the most exact match wins, wherever it stands', () => {
  const http = (...rules: readonly string[]): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec: { rules: [${rules.join(', ')}] }
`;
  const own = '{ name: a, matches: [{ headers: [{ name: x, value: y }] }], backendRefs: [{ name: v47 }] }';
  const rest = '{ name: b, backendRefs: [{ name: v46 }] }';
  expect(words(http(own, rest), http(rest, own))).toEqual([
    'routes of fraud-detector are tried in the order b and a (was a and b)',
  ]);
});
