import type { Command } from 'commander';
import { withSettings } from '../flags.ts';
import { processTerminal, startHookyard } from '../start.ts';

/** `hookyard serve`: an instance for production. */
export function addServe(program: Command): void {
  withSettings(program.command('serve').description('run Hookyard')).action((flags) =>
    startHookyard({ flags }, processTerminal),
  );
}
