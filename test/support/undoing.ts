/** What a test has made is undone in reverse: `after` of a test runs first what it was told first. */
import type { TestContext } from 'node:test';

type Step = () => unknown;

const steps = new WeakMap<TestContext, Step[]>();

/** Runs `step` when the test has ended, before what was told earlier; one that throws stops no other. */
export function undoing(context: TestContext, step: Step): void {
  const told = steps.get(context);
  if (told !== undefined) {
    told.push(step);
    return;
  }
  const first = [step];
  steps.set(context, first);
  context.after(() => undo(first.toReversed()));
}

async function undo([step, ...others]: readonly Step[]): Promise<void> {
  try {
    await step?.();
  } finally {
    if (others.length > 0) await undo(others);
  }
}
