/** Errors that nobody caught: each would end the process. */
import assert from 'node:assert/strict';

const EVENTS = ['unhandledRejection', 'uncaughtException'] as const;

/** Runs `prove`; fails when an error was left uncaught until the turn of the event loop after it. */
export async function withoutStrayErrors(prove: () => Promise<void>): Promise<void> {
  const strays: unknown[] = [];
  const note = (error: unknown) => strays.push(error);
  for (const event of EVENTS) process.on(event, note);
  try {
    await prove();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    for (const event of EVENTS) process.off(event, note);
  }
  assert.deepEqual(strays, []);
}
