import { Command, CommanderError } from 'commander';
import { VERSION } from '../index.ts';
import { addDev } from './commands/dev.ts';
import { addMigrations } from './commands/migrations.ts';
import { addServe } from './commands/serve.ts';

const EXIT_BAD_USAGE = 2;

/** The command line with all its commands. Unknown flags and commands are refused. */
export function createProgram(): Command {
  const program = new Command('hookyard')
    .description('Receives webhooks, understands them, delivers events, loses nothing.')
    .version(VERSION)
    .showHelpAfterError('Run `hookyard <command> --help` for its flags.')
    .exitOverride();
  addServe(program);
  addDev(program);
  addMigrations(program);
  inherit(program);
  return program;
}

function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}

/** Runs the command line; the exit code when it ended by itself, null while an instance runs. */
export async function runProgram(argv: readonly string[]): Promise<number | null> {
  try {
    await createProgram().parseAsync([...argv], { from: 'user' });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : EXIT_BAD_USAGE;
  }
}
