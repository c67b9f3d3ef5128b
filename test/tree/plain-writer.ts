/** Run as a process of its own: writes one file into the folder in the first argument and prints the result as JSON. */
import { writeTree } from '../../src/tree/write.ts';

console.log(JSON.stringify(writeTree({ outDir: process.argv[2] ?? '', files: new Map([['a', 'b']]) })));
