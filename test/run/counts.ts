/** How the tests of a step ended, and what that means for the run. */

export interface Counts {
  passed: number;
  failed: number;
  /** Skipped and left to do: both prove nothing. */
  skipped: number;
}

/** Begins the line of the reporter that carries counts as JSON. */
export const COUNTS_MARK = 'test counts: ';

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };
/** A step that broke before there was anything to count. */
export const ABNORMAL: Counts = { passed: 0, failed: 1, skipped: 0 };

/** A test runner that says nothing, runs no test, or fails without a failed test, has failed. */
export function judged(counts: Counts | null, exitCode: number): Counts {
  if (counts === null) return ABNORMAL;
  const isSilent = counts.failed === 0 && (exitCode !== 0 || counts.passed === 0);
  return isSilent ? { ...counts, failed: 1 } : counts;
}

export function isGood({ failed, skipped }: Counts): boolean {
  return failed === 0 && skipped === 0;
}

export function total(all: readonly Counts[]): Counts {
  const sum = (key: keyof Counts) => all.reduce((soFar, counts) => soFar + counts[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** The line that ends a run. */
export function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
