/** How long a quiet tenant's events take beside a tenant with a flood of them. */
import { randomBytes } from 'node:crypto';
import { type Child, startChild } from './child.ts';
import { millis, type Print, percentile, ratio, table, whole } from './figures.ts';
import type { Load } from './load.ts';
import { receivers, requestsFor, withPrepared } from './prepared.ts';
import { lostIn, remarksText } from './remarks.ts';
import { arrivedOf, observeEach, type Seen, type Stream, settle } from './stream.ts';
import type { Yard } from './yard.ts';

export interface TenantsOptions {
  connections: number;
  /** Events of the busy tenant. */
  backlog: number;
  /** Samples of the quiet tenant in each phase: so many times ten events. */
  tens: number;
}

type Phase = Omit<Seen, 'arrivedPerSecond'>;

interface Phases {
  alone: Phase;
  during: Phase;
  beside: Phase;
  /** Of the busy tenant's events, how many were still to come before and after `beside`. */
  left: readonly [number, number];
  flood: Pick<Seen, 'answers' | 'ledger'>;
}

const QUIET = 'quiet';
const BUSY = 'busy';
const QUIET_TENANT = '01900000-0000-7000-8000-00000000000b';
const TEN = 10;
/** A ten in a fifth of a second. */
const PER_SECOND = 50;
/** So slow is each answer of the busy tenant's receiver, so that its backlog lasts. */
const BUSY_ANSWER_MS = 20;

/** Measures and prints; returns how many accepted events were lost. */
export async function runTenants(yard: Yard, options: TenantsOptions, print: Print): Promise<number> {
  print(`TENANTS  sending → receiver of a quiet tenant, beside one with ${whole(options.backlog)} events`);
  print(` for a receiver that answers after ${BUSY_ANSWER_MS} ms; ms; goal: p99 within 2 ×\n\n`);
  const phases = await measure(yard, options);
  print(`${table([HEAD, ...rows(phases)])}\n`);
  print(`  Of the flood ${phases.left.map(whole).join(' to ')} events were still to come during the last row.\n`);
  const { alone, during, beside, flood } = phases;
  const seen = [alone, during, beside].map((phase) => ({ label: QUIET, ...phase }));
  print(remarksText([...seen, { label: BUSY, ...flood }]));
  return lostIn([...seen, flood].map(({ ledger }) => ledger));
}

async function measure(yard: Yard, options: TenantsOptions): Promise<Phases> {
  const secret = `hky_${randomBytes(32).toString('base64url')}`;
  const quiet = receivers(QUIET, 1, { tenant: QUIET_TENANT });
  const busy = receivers(BUSY, 1);
  const flooding = startChild<Load>(new URL('./load.ts', import.meta.url));
  const past = { keys: [{ tenant: QUIET_TENANT, secret }] };
  try {
    return await withPrepared(
      yard,
      [...quiet, ...busy],
      ({ port, url, apiKey }) => {
        const requests = requestsFor({ url, apiKey: secret }, quiet);
        const few = { ports: [port], connections: 2, perSecond: PER_SECOND, requests };
        const many = {
          ports: [port],
          connections: options.connections,
          perSecond: null,
          requests: requestsFor({ url, apiKey }, busy),
        };
        return inPhases(yard, options, { few, many, flooding });
      },
      past,
    );
  } finally {
    flooding.end();
  }
}

async function inPhases(
  yard: Yard,
  { tens, backlog }: TenantsOptions,
  { few, many, flooding }: { few: Stream; many: Stream; flooding: Child<Load> },
): Promise<Phases> {
  const sample = (count: number) => observeEach(yard, few, QUIET, count * TEN);
  await yard.sink.ask('behave', { [BUSY]: { kind: 'answer_after', delayMs: BUSY_ANSWER_MS } });
  await sample(1);
  const alone = await sample(tens);
  await flooding.ask('go', { ...many, total: backlog });
  const during = await sample(tens);
  const answers = await flooding.ask('finish');
  const toCome = async () => Math.max(0, answers.accepted - (await arrivedOf(yard, BUSY)));
  const before = await toCome();
  const beside = await sample(tens);
  const left = [before, await toCome()] as const;
  await yard.sink.ask('behave', { [BUSY]: { kind: 'answer' } });
  return { alone, during, beside, left, flood: { answers, ledger: await settle(yard, BUSY, 0, answers) } };
}

const HEAD = ['', 'p50', 'p99', 'longest', 'p99 ÷ alone', 'samples'];

function rows({ alone, during, beside }: Phases): string[][] {
  const alonePart = percentile(alone.arrivalUs, 0.99);
  const row = (name: string, { arrivalUs }: Phase) => [
    name,
    ...[0.5, 0.99, 1].map((share) => millis(percentile(arrivalUs, share))),
    ratio(percentile(arrivalUs, 0.99) / alonePart),
    whole(arrivalUs.length),
  ];
  return [row('alone', alone), row('while the other publishes', during), row('beside its backlog', beside)];
}
