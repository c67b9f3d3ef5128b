import fc from 'fast-check';

/**
 * fast-check with one seed for all: a run says something of the change, and not of its luck, and what fails fails again.
 * Another seed looks at other inputs: `SEED=7 npm test`.
 */
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 1) });

export { default as fc } from 'fast-check';
