import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { duration, report } from './common.ts';

/** A duration of whole minutes, since rules are evaluated that often. */
const minutes = duration.check((context) => {
  const milliseconds = parseDuration(context.value);
  if (milliseconds === undefined || (milliseconds > 0 && milliseconds % 60_000 === 0)) return;
  report(context, `${context.value} is no number of whole minutes`, 'write 30m, 2h, 72h');
});

const counterName = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'expected the name of a metric, as inputs_total');

/** A limit in whole milliseconds, longer than nothing. */
const limit = duration.check((context) => {
  if (parseDuration(context.value) === 0)
    report(context, 'a limit of 0 is always passed', 'write a longer duration: 500ms, 2s');
});

/** What tells that a service does not run as it should. */
export const health = z
  .strictObject({
    pods: z.boolean().default(true).meta({
      description:
        'Containers that do not start or run out of memory, replicas that do not become available, InferenceServices that are not ready, metrics that do not come in.',
    }),
    saturation: z.boolean().default(true).meta({
      description:
        'Replicas at their maximum; on Knative also requests that wait, and what does not come up from zero.',
    }),
    candidate: z.boolean().default(true).meta({
      description:
        'A candidate that fails more or is slower than the stable release, and traffic that is not split as Git says.',
    }),
    runtime: z.boolean().default(true).meta({
      description:
        'What only the model server knows: failed inferences of Triton and MLServer; queue, cache and hanging engines of vLLM.',
    }),
    gpu: z.boolean().default(true).meta({ description: 'Hardware errors of GPUs, and their memory.' }),
    coldStart: minutes.optional().meta({
      description:
        'Longest time from the creation of a replica until it serves, in whole minutes. Default: not watched.',
    }),
    queueTime: limit.optional().meta({
      description: 'Longest mean time that a request waits inside of Triton or TorchServe. Default: not watched.',
    }),
    timeToFirstToken: limit.optional().meta({
      description: 'Longest time until the first token of vLLM, at the 95th percentile. Default: not watched.',
    }),
    timeBetweenTokens: limit
      .optional()
      .meta({ description: 'Longest time between two tokens of vLLM, at the 95th percentile. Default: not watched.' }),
    answers: z.boolean().default(false).meta({
      description: 'Answers of vLLM that were aborted or cut off, and requests that it puts off again and again.',
    }),
    modelAge: z.int().min(1).optional().meta({
      description:
        'Days after which the model that serves is old; needs a model from a registry that says when it was made. Default: not watched.',
    }),
  })
  .meta({
    id: 'Health',
    description:
      'What tells that a service does not run as it should. Each alert needs its metrics: see `prometheus.sources` of the cluster.',
  });

/** What tells that Git and the cluster part ways. */
export const delivery = z
  .strictObject({
    argocd: z
      .boolean()
      .default(true)
      .meta({ description: 'The Application is missing, out of sync, degraded, or its syncs fail.' }),
    candidate: z
      .union([minutes, z.literal(false)])
      .optional()
      .meta({
        description:
          'Longest time of a candidate at one share of the traffic, in whole minutes; false: for ever. Default: the bake time (while it warms, its deadline) and as long again, at least an hour and at most a day more.',
      }),
    hold: z
      .union([minutes, z.literal(false)])
      .default('72h')
      .meta({
        description: 'How long a release may be held before it counts as forgotten, in whole minutes; false: for ever.',
      }),
  })
  .meta({ id: 'Delivery', description: 'What tells that a release does not go on, or does not arrive.' });

/** What tells that a service costs too much, or that somebody takes too much of it. */
export const cost = z
  .strictObject({
    compute: z.number().gt(0).optional().meta({
      description: 'Budget for processors, memory and GPUs, in US dollars a month; by OpenCost. Default: none.',
    }),
    tokens: z
      .strictObject({
        budget: z.number().gt(0).meta({ description: 'US dollars a month.' }),
        prompt: z.number().min(0).meta({ description: 'US dollars for a million tokens of prompts.' }),
        generated: z.number().min(0).meta({ description: 'US dollars for a million tokens of answers.' }),
      })
      .optional()
      .meta({ description: 'Budget for the tokens of vLLM. Default: none.' }),
    idleGpu: z
      .strictObject({
        below: z
          .number()
          .gt(0)
          .lt(1)
          .default(0.05)
          .meta({ description: 'Share of the time in which a GPU that is not idle is busy, 0 to 1.' }),
        for: minutes.default('2h').meta({ description: 'How long it is idle before that is told, in whole minutes.' }),
      })
      .optional()
      .meta({ description: 'GPUs that are paid for, and idle. Default: not watched.' }),
    callers: z
      .strictObject({
        share: z
          .number()
          .min(0)
          .lt(1)
          .default(0.3)
          .meta({ description: 'Share of all requests that one caller may have, 0 to 1.' }),
        factor: z
          .number()
          .min(1)
          .default(5)
          .meta({ description: 'How many times its own hourly mean of the day before a caller may ask.' }),
        least: z.int().min(1).default(1000).meta({ description: 'Fewest requests in an hour that are worth a word.' }),
      })
      .optional()
      .meta({
        description: 'A caller that asks unusually much, as somebody who copies the model would. Default: not watched.',
      }),
    enumeration: z
      .strictObject({
        factor: z
          .number()
          .min(1)
          .default(5)
          .meta({ description: 'How many times its own mean day of the week before a caller may ask within a day.' }),
        least: z
          .int()
          .min(1)
          .default(10_000)
          .meta({ description: 'Fewest requests of a caller in a day that are worth a word.' }),
        distinct: z
          .strictObject({
            metric: counterName.meta({
              description:
                'Counter of inputs that its pod has not seen before, by caller; declared in `monitoring.metrics`.',
            }),
            total: counterName.meta({
              description: 'Counter of all inputs, with the same labels; declared in `monitoring.metrics`.',
            }),
            caller: z
              .string()
              .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'expected the name of a label, as caller')
              .default('caller')
              .meta({ description: 'Label of both that names the caller.' }),
            share: z
              .number()
              .gt(0)
              .lt(1)
              .default(0.9)
              .meta({ description: 'Share of the inputs of a caller that may be new, 0 to 1.' }),
            least: z
              .int()
              .min(1)
              .default(1000)
              .meta({ description: 'Fewest inputs of a caller in an hour that are worth a word.' }),
          })
          .optional()
          .meta({
            description: 'What a part of the service counts of its inputs. Default: requests are looked at only.',
          }),
      })
      .optional()
      .meta({
        description:
          'A caller that walks through the inputs of the model, slowly and without much of the traffic, to copy it. Default: not watched.',
      }),
  })
  .meta({
    id: 'Cost',
    description: 'What tells that a service costs too much, or that somebody takes too much of it.',
  });

export type Health = z.output<typeof health>;
export type Delivery = z.output<typeof delivery>;
export type Cost = z.output<typeof cost>;
