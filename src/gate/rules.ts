import { findingOf, type Rule } from '../core/finding.ts';

/** What may be wrong with where the gates are to look. */
export const GATE_RULES = [
  {
    id: 'gate/prometheus-address',
    severity: 'error',
    summary: 'The address of a Prometheus is an http or https URL without credentials, query or fragment.',
    source: 'ours: what stands on a command line is seen by others; credentials come from the environment',
  },
  {
    id: 'gate/prometheus-cluster',
    severity: 'error',
    summary: 'Each cluster of the environment has one Prometheus, or a label in a common one.',
    source: 'ours: requests of two clusters in one sum hide what fails in one of them',
  },
  {
    id: 'gate/prometheus-credentials',
    severity: 'error',
    summary: 'Credentials for Prometheus are a token, or a user with a password.',
    source: 'Prometheus 3.4 web configuration: one Authorization header',
  },
] as const satisfies readonly Rule[];

/** A finding of one of these rules. */
export const gateFinding = findingOf(GATE_RULES);
