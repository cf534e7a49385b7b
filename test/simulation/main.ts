/** `npm run simulate -- [--runs N] [--seed N] [--hours | --cluster]`: prints what was simulated, exits 1 on any breach. */
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { checkClusters } from './cluster-check.ts';
import { HOURS, MINUTES } from './scenario.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string' },
    hours: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
  },
});

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new Error(`--${name} ${text} is not a whole number.`);
  return number;
}

const seed = values.seed === undefined ? {} : { seed: whole('seed', values.seed) };
const size = values.hours ? HOURS : MINUTES;
const options = { runs: whole('runs', values.runs), ...seed };
const { failure, ...sum } = values.cluster ? await checkClusters(options) : await check(size, options);
for (const [name, value] of Object.entries(sum)) process.stdout.write(`${name}: ${Math.round(value)}\n`);
if (failure !== null) process.stdout.write(`\n${failure}\n`);
process.exitCode = failure === null ? 0 : 1;
