#!/usr/bin/env node
import { enableCompileCache, flushCompileCache } from 'node:module';

// Compiling and stripping types is most of the time to start. The next start finds it done, also after kill -9, so the
// cache is written as soon as everything is loaded and not only at exit.
enableCompileCache();
const { runProgram } = await import('./program.ts');
const code = await runProgram(process.argv.slice(2));
flushCompileCache();
if (code !== null) process.exitCode = code;
