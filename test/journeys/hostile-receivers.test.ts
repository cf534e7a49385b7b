import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { FAILURE_CODES, type FailureCode } from '../../src/core/failure.ts';
import { distantAuthority, muteAuthority, sloppyAuthority, testOnlyAuthority } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { type AttemptShown, attemptsOf, deliveryOf, openJourney, publish, subscribe } from '../support/journey.ts';
import { openSockets, peakMemoryOf, watchesProcesses } from '../support/process-figures.ts';
import { type HostileReceiver, startFrozen, startHostile } from '../support/receiver-hostile.ts';
import { LARGE_ROWS, ROWS, type Row } from './hostile-table.ts';

const directory = mkdtempSync(join(tmpdir(), 'hookyard-authorities-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const extra = join(directory, 'authorities.pem');
writeFileSync(extra, testOnlyAuthority + distantAuthority + sloppyAuthority + muteAuthority);

const flags = ['--max-body', `${64 << 20}`];
// So that what memory shows is what is held, and not what nobody has collected yet.
const TIDY = '--max-semi-space-size=2 --max-old-space-size=256';
const journey = await openJourney({ flags, env: { NODE_EXTRA_CA_CERTS: extra, NODE_OPTIONS: TIDY } });
after(journey.close);
const { hookyard } = journey;
const receivers: HostileReceiver[] = [];
after(() => Promise.all(receivers.map(({ close }) => close())));

/** Long enough for every row that ends by itself, on a machine that is busy with other things. */
const PATIENT_MS = 10_000;
const HURRIED_MS = 600;
/** How much later than its deadline a try may end. */
const LATE_MS = 100;
/** The machine itself may be late. One that is late with all of so many deliveries is no accident. */
const MAX_DELIVERIES = 10;
const MAX_GROWTH_BYTES = 64 << 20;
const SOCKETS_BACK_MS = 30_000;
const seen = new Set<string>();

interface Expected extends Omit<Row, 'behaviour'> {
  receiver(): Promise<HostileReceiver>;
}

const frozen = { retried: true, hangs: true } as const;
const FROZEN: readonly Expected[] = [
  { name: 'a port that takes no connection', code: 'connect_timeout', receiver: () => startFrozen(true), ...frozen },
  { name: 'a port that nobody accepts at', code: 'response_timeout', receiver: () => startFrozen(false), ...frozen },
  { name: 'a closed port', code: 'connect_refused', receiver: closed, retried: true },
];

async function closed(): Promise<HostileReceiver> {
  const receiver = await startHostile({});
  await receiver.close();
  return { ...receiver, close: async () => {} };
}

const ofRow = ({ behaviour, ...row }: Row): Expected => ({
  ...row,
  scheme: row.scheme ?? (behaviour.certificate === undefined ? 'http' : 'https'),
  receiver: () => startHostile(behaviour),
});
const EXPECTED: readonly Expected[] = [...ROWS.map(ofRow), ...FROZEN];

async function subscribed(row: Expected, type: string): Promise<string> {
  const receiver = await row.receiver();
  receivers.push(receiver);
  return subscribe(hookyard, `${row.scheme ?? 'http'}://127.0.0.1:${receiver.port}/`, {
    events: [type],
    profile: 'standard',
    timeout: row.hangs ? HURRIED_MS : PATIENT_MS,
    retryPolicy: { maxRetries: 1, backoffType: 'fixed', backoffSeconds: 0.01 },
  });
}

/** What the API says of a failure, whole and with nothing left open. */
function assertTold(shown: Readonly<Record<string, unknown>>, code: FailureCode): void {
  assert.equal(shown.code, code, JSON.stringify(shown));
  for (const field of ['errorClass', 'error', 'cause', 'remedy']) {
    assert.match(String(shown[field]), /^[^{}[\]]+$/, `${field}: ${shown[field]}`);
  }
}

/** A delivery of that row to its end. */
async function delivered(row: Expected, type: string) {
  const event = await publish(hookyard, type, { text: 'x'.repeat(row.bytes ?? 10) });
  const delivery = await deliveryOf(hookyard, event.id, ({ closedAt }) => closedAt !== null);
  return { delivery, attempts: await attemptsOf(hookyard, delivery.id) };
}

/** The longest of these tries. */
function longestMs(attempts: readonly AttemptShown[]): number {
  return Math.max(...attempts.map(({ phases }) => phases?.total ?? Number.POSITIVE_INFINITY));
}

/** Every try of a delivery ends within its deadline: of this one, or of one after it. */
async function assertInTime(row: Expected, type: string, attempts: readonly AttemptShown[]): Promise<void> {
  let tries = attempts;
  for (let deliveries = 1; longestMs(tries) > HURRIED_MS + LATE_MS; deliveries++) {
    assert.ok(deliveries < MAX_DELIVERIES, `${longestMs(tries)} ms`);
    tries = (await delivered(row, type)).attempts;
  }
}

async function assertRow(row: Expected, type: string): Promise<void> {
  const id = await subscribed(row, type);
  const { delivery, attempts } = await delivered(row, type);
  const status = row.code === null ? 'succeeded' : 'failed_permanent';
  const told = [delivery.status, delivery.code, delivery.statusCode, attempts.length];
  assert.deepEqual(told, [status, row.code, row.status ?? null, row.retried ? 2 : 1], delivery.error ?? '');
  if (row.hangs) await assertInTime(row, type, attempts);
  if (row.code === null) return;
  for (const attempt of attempts) assertTold({ ...attempt }, row.code);
  seen.add(row.code);
  const test = await hookyard.api('POST', `/api/v1/webhook-subscriptions/${id}/test`, { event: 'release.created' });
  assert.equal(test.status, 200, test.text);
  // What its sample event is too small for ends otherwise.
  if (row.bytes === undefined) assertTold(test.data, row.code);
}

/** Rows that take as much work as the others and are hostile to nobody. */
const WARMING = ROWS.filter(({ name }) => ['status 200', 'status 503', 'a body of 1 MiB'].includes(name)).map(ofRow);
const WARMING_ROUNDS = 25;

const before = watchesProcesses() ? await figuresAtWork() : null;

/** What a process has that does the same work for receivers who behave. */
async function figuresAtWork(): Promise<{ memoryBytes: number; sockets: number }> {
  const sockets = openSockets(hookyard.pid);
  for (let round = 0; round < WARMING_ROUNDS; round++) {
    await Promise.all(WARMING.map((row, at) => assertRow(row, `warming.${round}.${at}`)));
  }
  return { memoryBytes: peakMemoryOf(hookyard.pid, 'anew'), sockets };
}

describe('a receiver that gives', { concurrency: 4 }, () => {
  for (const [at, row] of EXPECTED.entries()) {
    test(`${row.name}: ${row.code ?? 'delivered'}`, () => assertRow(row, `hostile.${at}`));
  }
});

test('none of it costs memory', (t) => {
  if (before === null) return;
  const growth = peakMemoryOf(hookyard.pid) - before.memoryBytes;
  t.diagnostic(`${(growth / 2 ** 20).toFixed(1)} MiB above ${(before.memoryBytes / 2 ** 20).toFixed(1)} MiB`);
  assert.ok(growth <= MAX_GROWTH_BYTES, `${growth} bytes`);
});

test('none of it keeps a socket', async () => {
  if (before === null) return;
  const isBack = () => (openSockets(hookyard.pid) <= before.sockets ? true : null);
  await eventually('sockets as before', isBack, SOCKETS_BACK_MS);
});

for (const [at, row] of LARGE_ROWS.entries()) {
  test(`a receiver that gives ${row.name}: ${row.code}`, () => assertRow(ofRow(row), `large.${at}`));
}

/** What no receiver can bring about, and why. */
const NOT_OF_RECEIVERS: Readonly<Partial<Record<FailureCode, string>>> = {
  dns_not_found: 'names: rebinding.test.ts',
  dns_timeout: 'names: the resolver of this machine',
  ssrf_blocked: 'names and addresses: receiver-urls.test.ts',
  connect_unreachable: 'the network between',
  secret_unavailable: 'our own secrets',
  endpoint_disabled: 'said by people',
  cancelled: 'said by people',
  aborted_shutdown: 'our own end',
  circuit_open: 'not a try',
  held: 'not a try',
  expired: 'not a try',
  poison: 'our own bugs',
  internal_error: 'our own bugs',
};

test('every class of failure that a receiver can cause was caused', () => {
  const expected = FAILURE_CODES.filter((code) => NOT_OF_RECEIVERS[code] === undefined);
  assert.deepEqual([...seen].sort(), [...expected].sort());
});
