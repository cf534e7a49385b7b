/** `npm run faults -- <fault> [--times N] [--seed N]`: injects a fault, prints what was seen, exits 1 on any loss. */
import { parseArgs } from 'node:util';
import { injectClusterAtLength } from './cluster-plan.ts';
import { injectKills } from './kill.ts';
import { injectPoisons } from './poison.ts';
import { injectReceiptKillsAtLength } from './receipts.ts';
import { injectStates } from './states.ts';
import { describe, isSound } from './verdict.ts';

interface Asked {
  times: number;
  seed: number;
  say(line: string): void;
}

interface Fault {
  times: number;
  /** Resolves with whether every promise was kept. */
  inject(asked: Asked): Promise<boolean>;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  kill: { times: 20, inject: killAtRandom },
  states: { times: 1, inject: injectStates },
  cluster: { times: 1, inject: injectClusterAtLength },
  poison: { times: 1, inject: injectPoisons },
  receipts: { times: 20, inject: (asked) => injectReceiptKillsAtLength('sqlite', asked) },
  'receipts-postgres': { times: 20, inject: (asked) => injectReceiptKillsAtLength('postgres', asked) },
};

async function killAtRandom(asked: Asked): Promise<boolean> {
  const verdict = await injectKills(asked);
  for (const line of describe(verdict)) asked.say(line);
  return isSound(verdict);
}

function whole(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`not a whole number from 1: ${text}`);
  return number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string' }, seed: { type: 'string' } },
});
const fault = positionals.length === 1 ? FAULTS[positionals[0] ?? ''] : undefined;
if (fault === undefined) {
  say(`Usage: npm run faults -- ${Object.keys(FAULTS).join('|')} [--times 100] [--seed 1]`);
  process.exit(2);
}

const seed = whole(values.seed, Math.trunc(performance.timeOrigin) % 1_000_000);
const isKept = await fault.inject({ times: whole(values.times, fault.times), seed, say });
process.exitCode = isKept ? 0 : 1;
