/** What a receiver's own log says of how it was treated. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Received, Script } from './receiver.ts';

export interface Doorkeeper {
  /** Answers 200; each request once what `until` gave for it has resolved. */
  script: Script;
  inside(): number;
  mostInside(): number;
  answered(): number;
}

/**
 * Counts the requests that a receiver has at once. One is inside from its arrival until just before its answer.
 * @param arrived called for each, when it has been counted
 */
export function doorkeeper(
  until: () => Promise<unknown>,
  arrived: (keeper: Doorkeeper, request: Received) => void = () => {},
): Doorkeeper {
  let inside = 0;
  let most = 0;
  let answered = 0;
  const left = () => {
    inside--;
    answered++;
  };
  const keeper: Doorkeeper = {
    script(request) {
      inside++;
      most = Math.max(most, inside);
      arrived(keeper, request);
      return { kind: 'status', status: 200, until: until().then(left) };
    },
    inside: () => inside,
    mostInside: () => most,
    answered: () => answered,
  };
  return keeper;
}

/**
 * Watches how late this process may have noted an arrival. A request noted late makes the time to the next one look
 * shorter than it was, by that much at most.
 */
export function watchLateness(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  return () => {
    delays.disable();
    return delays.max / 1e6;
  };
}

/** The most requests that arrived in any stretch shorter than `stretchMs`. */
export function mostWithin(requests: readonly Received[], stretchMs: number): number {
  const times = requests.map(({ at }) => at).sort((a, b) => a - b);
  return Math.max(0, ...times.map((from, at) => times.slice(at).filter((time) => time - from < stretchMs).length));
}

/** Milliseconds between each request and the one before it, as they were sent; to the second. For signed webhooks. */
export function gapsMs(requests: readonly Received[]): number[] {
  const times = requests.map(({ headers }) => Number(headers['webhook-timestamp']) * 1000);
  return times.slice(1).map((time, at) => time - (times[at] ?? time));
}

/** `data.n` of each request. */
export function numbersOf(requests: readonly Received[]): number[] {
  return requests.map(({ rawBody }) => JSON.parse(rawBody.toString()).data.n);
}
