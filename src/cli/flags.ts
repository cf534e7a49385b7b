import type { Command } from 'commander';
import { SETTINGS } from './settings.ts';

/**
 * Gives a command the flag of every setting, or of those named `only`. Values stay text: `config.ts` checks them, wherever
 * they come from.
 */
export function withSettings(command: Command, only?: readonly string[]): Command {
  for (const { name, argument, help, from } of SETTINGS) {
    if (from === 'environment' || only?.includes(name) === false) continue;
    if (argument === 'list') command.option(`--${name} <list>`, help, joined);
    else command.option(argument === null ? `--${name}` : `--${name} <${argument}>`, help);
  }
  return command.option('--config <file>', 'JSON file with the same settings; flags and environment win');
}

/** Two lists are one: that the first is dropped without a word is what nobody means. */
function joined(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before},${text}`;
}
