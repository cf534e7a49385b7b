/** A person's terminal: bash in the project's root, and programs that keep running in terminals of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { ROOT } from './page.ts';

const CWD = fileURLToPath(ROOT);
/** For programs that start, and commands that wait for them: long, as it costs only who fails. */
const PATIENCE_MS = 60_000;
/** Ends what a block prints. */
const MARK = '\u001e';

export interface Terminal {
  /** Runs a block and resolves with what it printed; rejects when a command of it fails. Variables and functions stay. */
  run(block: string): Promise<string>;
  close(): void;
}

/** Opens a shell that stops at the first command that fails. */
export function openTerminal(): Terminal {
  const shell = spawn('bash', ['--noprofile', '--norc', '-euo', 'pipefail'], { cwd: CWD, env: environment({}) });
  const output = collect(shell);
  let ended = false;
  shell.on('close', () => {
    ended = true;
  });
  return {
    async run(block) {
      output.text = '';
      shell.stdin?.write(`{\n${block}\n} </dev/null\nprintf '\\036'\n`);
      return eventually(
        `the end of\n${block}`,
        () => {
          const done = output.text.includes(MARK);
          if (ended && !done) throw new Error(`A command failed in\n${block}\nIt printed:\n${output.text}`);
          return done ? output.text.replace(MARK, '') : null;
        },
        PATIENCE_MS,
      );
    },
    close: () => void shell.stdin?.end('exit\n'),
  };
}

export interface Running {
  /** Resolves with the first group of `pattern` once the program has printed it. */
  says(pattern: RegExp): Promise<string>;
  /** Everything printed so far. */
  printed(): string;
  /** Sends SIGTERM to the program and what it started, and waits for the end. */
  stop(): Promise<void>;
}

/** Starts a command that runs until it is stopped. */
export function startInBackground(command: string, env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn('bash', ['-c', command], { cwd: CWD, env: environment(env), detached: true });
  const output = collect(child);
  const closed = once(child, 'close');
  return {
    says: (pattern) => eventually(`${pattern} of\n${command}`, () => pattern.exec(output.text)?.[1], PATIENCE_MS),
    printed: () => output.text,
    async stop() {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await closed;
    },
  };
}

/** Settings of the surrounding shell must not reach what the documents start. */
function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH = '', HOME, TMPDIR } = process.env;
  return { PATH: [dirname(process.execPath), PATH].join(delimiter), HOME, TMPDIR, ...more };
}

function collect(child: ChildProcess): { text: string } {
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output.text += text;
    });
  }
  return output;
}
