/** kill -9 in every state a delivery can be in, start again, and judge by what the receivers were sent. */
import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import { type Ground, openGround } from './ground.ts';
import { HELD } from './held-states.ts';
import { MOMENTARY } from './momentary-states.ts';
import { type Check, RETRY_MS, type State } from './state.ts';
import { WAITING } from './waiting-states.ts';

export const STATES: readonly State[] = [...MOMENTARY, ...WAITING, ...HELD];

/** What is left until the retries are due when it starts again, less what it took to bring about all states. */
const LEFT_MS = 5000;

export interface StateOutcome {
  name: string;
  /** Restart to ready. */
  readyMs: number;
  /** The broken promise; null when there is none. */
  broken: string | null;
}

/** Kills in these states at once, in one instance. All of them share it, or there is only one. */
export async function killIn(states: readonly State[]): Promise<readonly StateOutcome[]> {
  const ground = await openGround();
  try {
    const checks = await Promise.all(states.map((state) => arranged(state, ground)));
    await ground.kill();
    const readyMs = await ground.restart(RETRY_MS - LEFT_MS);
    return await Promise.all(
      checks.map(async ({ name, check }) => ({ name, readyMs, broken: await check().then(() => null, brokenBy) })),
    );
  } finally {
    await ground.close();
  }
}

/** The state that could not be reached is named as well. */
async function arranged(state: State, ground: Ground): Promise<{ name: string; check: Check }> {
  const { name } = state;
  const check = await state.arrange(ground).catch(
    (error: unknown): Check =>
      () =>
        Promise.reject(error),
  );
  return { name, check };
}

function brokenBy(error: unknown): string {
  // Of a request that failed only the cause says why.
  return error instanceof AssertionError ? error.message : inspect(error);
}

/** Kills in each state by itself, several times. True when no promise was broken. */
export async function injectStates({ times, say }: { times: number; say(line: string): void }): Promise<boolean> {
  let sound = true;
  for (let round = 1; round <= times; round++) {
    for (const state of STATES) {
      for (const outcome of await killIn([state])) {
        say(described(outcome));
        sound &&= outcome.broken === null;
      }
    }
    for (const outcome of await killIn(STATES.filter(({ shares }) => shares))) {
      if (outcome.broken !== null) say(`together: ${described(outcome)}`);
      sound &&= outcome.broken === null;
    }
  }
  say(sound ? 'Nothing lost.' : 'Promises broken.');
  return sound;
}

function described({ name, readyMs, broken }: StateOutcome): string {
  return broken === null
    ? `kept: ${name} (ready again after ${readyMs} ms)`
    : `BROKEN: ${name}: ${broken.replaceAll('\n', '\n  ')}`;
}
