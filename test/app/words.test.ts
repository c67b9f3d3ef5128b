import { expect, test } from 'vitest';
import { pullRequestBody } from '../../src/app/words.ts';
import { releaseState } from '../../src/release/state.ts';
import { canaryPolicy, policyOf } from '../../src/service/release-policy.ts';

const store = { state: () => undefined, isReleased: () => true, record: () => undefined, releases: () => [] };

test('a pull request says what moves, and text of people or tools in it calls nobody and makes no markup', () => {
  const before = releaseState.parse({ stable: 'v46', candidate: 'v47', phase: 'canary', weight: 10, step: 0 });
  const after = releaseState.parse({
    stable: 'v46',
    candidate: 'v47',
    phase: 'canary',
    weight: 25,
    step: 1,
    reason: '@risk-ml said | go\ncloses #12',
  });
  const policy = policyOf({ canary: canaryPolicy.parse({ steps: [10, 25] }) }, 'release');
  const made = {
    service: 'fraud',
    environment: 'prod-eu',
    action: 'advance',
    planned: { before, after, policy },
    gates: ['error-ratio=pass value=<0.002>'],
  } as const;
  expect(pullRequestBody(made, store)).toBe(`**fraud prod-eu: v47 gets 25 % (was 10 %)**

Reason: @&#8203;risk-ml said \\| go closes #&#8203;12

| | before | after |
| --- | --- | --- |
| stable | v46 | v46 |
| candidate | v47 | v47 |
| phase | canary | canary |
| traffic | v46=90 v47=10 | v46=75 v47=25 |

Gates:

- error-ratio=pass value=&lt;0.002&gt;
`);
});
