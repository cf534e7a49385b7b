import type { Command } from 'commander';
import { withSettings } from '../flags.ts';
import { processTerminal, startHookyard } from '../start.ts';

/** `hookyard dev`: an instance to try things with; it logs only what needs a person. */
export function addDev(program: Command): void {
  withSettings(program.command('dev').description('run Hookyard for development')).action((flags) =>
    startHookyard({ flags, defaults: { logLevel: 'warn' } }, processTerminal),
  );
}
