/** B4: what receivers that never answer do to the ones that do. */
import type { Print } from './figures.ts';
import { runPairs } from './pairs.ts';
import { receivers, requestsFor, withPrepared } from './prepared.ts';
import { observe, type Seen, type Stretch } from './stream.ts';
import type { Yard } from './yard.ts';

export interface HangingOptions extends Stretch {
  rounds: number;
  connections: number;
  receivers: number;
  /** How long a hanging receiver keeps a try; the healthy ones have the usual time, so that none of them is given up. */
  timeoutMs: number;
  /** Of the closed loop's rate, for the open loop. */
  share: number;
}

const HANGING_SHARE = 0.1;
const HEALTHY = 'healthy';
const HANGING = 'hanging';

/** Measures and prints; returns how many events for healthy receivers were lost. */
export function runHanging(yard: Yard, options: HangingOptions, print: Print): Promise<number> {
  const { rounds, timeoutMs } = options;
  // A window holds the first timeouts, when nobody knows yet who hangs, and as long again.
  const windowMs = Math.max(options.windowMs, 2 * timeoutMs);
  const hanging = Math.max(1, Math.round(options.receivers * HANGING_SHARE));
  print(
    `B4  ${options.receivers} receivers, ${hanging} of them hanging for the full timeout of ${timeoutMs / 1000} s\n`,
  );
  print(
    `    figures of the ${options.receivers - hanging} healthy ones, median of ${rounds} rounds of ${windowMs / 1000} s;`,
  );
  print(' goal: within 1.1 × of none hanging\n');
  const look = (state: 'calm' | 'troubled', perSecond: number | null) =>
    lookAt(yard, { ...options, windowMs }, hanging, state === 'troubled', perSecond);
  return runPairs(look, options, print);
}

function lookAt(
  yard: Yard,
  options: HangingOptions,
  hanging: number,
  isTroubled: boolean,
  perSecond: number | null,
): Promise<Seen> {
  const { connections, timeoutMs, warmUpMs, windowMs } = options;
  const healthy = receivers(HEALTHY, options.receivers - hanging);
  const all = [...healthy, ...receivers(HANGING, hanging, { timeoutMs })];
  return withPrepared(yard, all, async (subject) => {
    if (isTroubled) await yard.sink.ask('behave', { [HANGING]: { kind: 'hang' } });
    const stream = { ports: [subject.port], connections, perSecond, requests: requestsFor(subject, all) };
    return observe(yard, stream, HEALTHY, { warmUpMs, windowMs });
  });
}
