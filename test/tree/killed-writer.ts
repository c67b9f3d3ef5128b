/**
 * Run as a process of its own: writes a tree (JSON in the third argument) into a folder and is killed at a step.
 * Prints the number of steps when it gets through.
 */
import { strikeAt } from './faults.ts';
import { writeTree } from '../../src/tree/write.ts';

const [outDir = '', step = '0', tree = '{}'] = process.argv.slice(2);
const steps = strikeAt(Number(step), () => process.kill(process.pid, 'SIGKILL'));
const { findings } = writeTree({ outDir, files: new Map(Object.entries(JSON.parse(tree) as Record<string, string>)) });
if (findings.length > 0) throw new Error(JSON.stringify(findings));
console.log(steps());
