/**
 * V8's collector, for whoever knows that much was just left to it. V8 learns late of what lies outside its heap, as the
 * texts of large bodies do: they come to some hundred megabytes before it looks, and it gives little of that back.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects at once; some milliseconds. Where the collector cannot be had it does nothing. */
export function createCollector(): () => void {
  // The documented way for a program that was not started with the flag; the process itself keeps no global `gc`.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return typeof collect === 'function' ? () => void collect() : () => undefined;
}
