#!/usr/bin/env node
import module from 'node:module';

// From Node 22 on, what was compiled once is kept in the temporary folder: a tenth of a short run.
module.enableCompileCache?.();
const { main } = await import('../lib/cli.js');

process.exitCode = await main(process.argv.slice(2));
