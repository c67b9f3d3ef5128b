import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { textOf } from '../core/files.ts';
import type { Finding, Where } from '../core/finding.ts';
import { driftLimits } from '../service/drift.ts';
import { parseReference, type Reference } from '../service/reference.ts';
import type { ServiceSpec } from '../service/service.ts';

/** The reference distributions of a service's drift rules, by the path that the rule names; missing where not valid. */
export type References = ReadonlyMap<string, Reference | undefined>;

/**
 * Reads the reference files that a service names, each once.
 *
 * @param folder folder of the service, relative to the project; the files must be below it.
 * @param specs the service in each of its environments: overrides may name other files.
 */
export function readReferences(
  root: string,
  folder: string,
  specs: readonly ServiceSpec[],
  where: Where,
): { references: References; findings: Finding[] } {
  const references = new Map<string, Reference | undefined>();
  const findings: Finding[] = [];
  for (const { reference } of specs.flatMap(({ monitoring }) => monitoring.drift.map(driftLimits))) {
    if (references.has(reference)) continue;
    const file = normalize(join(folder, reference));
    const { value, findings: found } = file.startsWith(`${normalize(folder)}/`)
      ? read(root, file, where)
      : outside(reference, folder, where);
    references.set(reference, value);
    findings.push(...found);
  }
  return { references, findings };
}

interface Read {
  readonly value: Reference | undefined;
  readonly findings: readonly Finding[];
}

function read(root: string, file: string, where: Where): Read {
  try {
    return parseReference(textOf(readFileSync(join(root, file))), { ...where, file });
  } catch (error) {
    const message = `the reference file cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    return {
      value: undefined,
      findings: [
        {
          id: 'monitoring/reference',
          severity: 'error',
          where: { ...where, file },
          message,
          fix: 'write the file, or correct its path; it is relative to the folder of the service',
        },
      ],
    };
  }
}

function outside(path: string, folder: string, where: Where): Read {
  const message = `the reference ${JSON.stringify(path)} is outside of the folder of the service`;
  return {
    value: undefined,
    findings: [
      {
        id: 'monitoring/reference',
        severity: 'error',
        where: { ...where, field: 'monitoring.drift' },
        message,
        fix: `put the file below ${folder}/`,
      },
    ],
  };
}
