#!/usr/bin/env node
import module from 'node:module';

// Who reads may have seen enough (`| head`): the rest is dropped, and the command goes on. Of stderr nobody can be told.
process.stderr.on('error', () => {});
process.stdout.on('error', ({ code }) => {
  // A command that listens says itself what it could not write.
  if (code === 'EPIPE' || process.stdout.listenerCount('error') > 1) return;
  process.stderr.write(`standard output cannot be written: ${code}\n`);
  process.exitCode = 1;
});

// From Node 22 on, what was compiled once is kept in the temporary folder: a tenth of a short run.
module.enableCompileCache?.();
const { main } = await import('../lib/cli.js');

const code = await main(process.argv.slice(2));
if (code !== 0) process.exitCode = code;
