import { createRequire } from 'node:module';
import type { Environment, Optional, ParseResult } from '@marcbachmann/cel-js';
import { registerKubernetesFunctions } from './cel-functions.ts';
import { registerHas } from './cel-has.ts';

/** CEL as the API server speaks it in the rules of a CustomResourceDefinition. */
export interface CelEnvironment {
  /** Parses a rule over `self` and `oldSelf`; throws when it is not CEL. */
  parse(expression: string): ParseResult;
  /** A duration in Go's grammar as CEL has it; the text itself when the library cannot read it. */
  duration(text: string): unknown;
  /** `oldSelf` of an object that is not there yet. */
  readonly none: unknown;
}

/** What is used of the library. */
interface CelLibrary {
  readonly Environment: typeof Environment;
  readonly Optional: typeof Optional;
}

let shared: CelEnvironment | undefined;

/** The one environment, made when the first rule is met: loading the library takes longer than most commands. */
export function celEnvironment(): CelEnvironment {
  return (shared ??= createEnvironment());
}

function createEnvironment(): CelEnvironment {
  // `import` would make every caller asynchronous; Node 20.19 can `require` a module.
  const cel = createRequire(import.meta.url)('@marcbachmann/cel-js') as CelLibrary;
  const environment = new cel.Environment({
    enableOptionalTypes: true,
    // Rules compare fields of any type; the API server has checked their types before.
    homogeneousAggregateLiterals: false,
    // A rule of a CRD may be a long sum.
    limits: { maxAstNodes: 100_000, maxDepth: 1_000 },
  });
  registerKubernetesFunctions(environment, cel.Optional);
  registerHas(environment, cel.Optional);
  environment.registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn').registerVariable('text', 'dyn');
  const duration = environment.parse('duration(text)');
  return {
    parse: (expression) => environment.parse(withOwnFunctions(expression)),
    duration(text) {
      try {
        return duration({ text }) as unknown;
      } catch {
        return text;
      }
    },
    none: cel.Optional.none(),
  };
}

/**
 * The functions of the library cannot be replaced, but two of them do not do: `matches` knows JavaScript's patterns
 * only, and `has` takes no argument with an index in it, as HTTPRoute has (library version 8.0.0).
 */
function withOwnFunctions(expression: string): string {
  return expression.replace(/\.matches\s*\(/g, '.matchesRe2(').replace(/(?<![\w.])has\s*\(/g, 'hasField(');
}
