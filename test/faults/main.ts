/** `npm run faults -- <fault> [--times N] [--seed N]`: injects a fault, prints what was seen, exits 1 on any loss. */
import { parseArgs } from 'node:util';
import { injectKills } from './kill.ts';
import { describe, isSound } from './verdict.ts';

const DEFAULT_TIMES = 20;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string' }, seed: { type: 'string' } },
});

function whole(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`not a whole number from 1: ${text}`);
  return number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (positionals.length !== 1 || positionals[0] !== 'kill') {
  say('Usage: npm run faults -- kill [--times 100] [--seed 1]');
  process.exit(2);
}

const seed = whole(values.seed, Math.trunc(performance.timeOrigin) % 1_000_000);
const verdict = await injectKills({ times: whole(values.times, DEFAULT_TIMES), seed, say });
for (const line of describe(verdict)) say(line);
process.exitCode = isSound(verdict) ? 0 : 1;
