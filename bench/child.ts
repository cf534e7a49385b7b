/** Questions and answers between the benchmark and the processes it starts. */
import { fork } from 'node:child_process';

/** What a child can be asked, each with what it answers. */
export type Questions = Record<string, (input: never) => unknown>;

export interface Child<Asked extends Questions> {
  pid: number;
  ask<Name extends keyof Asked & string>(
    name: Name,
    ...input: Parameters<Asked[Name]>
  ): Promise<Awaited<ReturnType<Asked[Name]>>>;
  /** Ends the process at once; it holds nothing worth keeping. */
  end(): void;
}

interface Question {
  name: string;
  input: unknown;
}

/** Starts a module of this folder as a process. Questions are answered in the order in which they were asked. */
export function startChild<Asked extends Questions>(module: URL): Child<Asked> {
  const process = fork(module, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const asked: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  process.on('message', (answer: unknown) => asked.shift()?.resolve(answer));
  process.on('exit', (code) => {
    for (const { reject } of asked) reject(new Error(`${module.pathname} ended with ${code}`));
  });
  return {
    pid: process.pid ?? 0,
    ask: (name, ...input) =>
      new Promise((resolve, reject) => {
        asked.push({ resolve: resolve as (answer: unknown) => void, reject });
        process.send({ name, input: input[0] ?? null } satisfies Question, (error) => {
          if (error !== null) reject(error);
        });
      }),
    end: () => void process.kill('SIGKILL'),
  };
}

/** The child's end: answers questions from a table, one after the other, until the parent is gone. */
export function answerParent(answers: Questions): void {
  let last: Promise<unknown> = Promise.resolve();
  process.on('message', ({ name, input }: Question) => {
    const answer = answers[name] as (input: unknown) => unknown;
    last = last.then(() => answer(input)).then((result) => process.send?.(result ?? null));
  });
  process.on('disconnect', () => process.exit());
}
