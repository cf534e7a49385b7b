/**
 * What is told of deliveries that wait, and of the circuit and the secret of their subscription: since when, by when it
 * is tried, which one signs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi, START_MS, type TestApi } from '../../../test/support/api.ts';
import { DEFAULT_TENANT, type Id, shardOf } from '../../core/ids.ts';
import { PROBE_EVERY_MS } from '../../core/probe.ts';
import { switchOff } from '../../flows/switch-subscription.ts';

const BASE = '/api/v1/webhook-subscriptions';
const iso = (ms: number) => new Date(ms).toISOString();

interface Waiting {
  api: TestApi;
  id: Id;
  /** Its lane gets a reason a second later. */
  hold(reason: 'circuit' | 'full' | 'disabled', probeAtMs: number | null): Promise<void>;
  shown(): Promise<Record<string, string | null>>;
  circuit(): Promise<unknown>;
}

/** A subscription with one delivery in its lane. */
async function waiting(more: object = {}): Promise<Waiting> {
  const api = await openApi();
  const made = await api.call('POST', BASE, { name: 'n', url: 'https://api.example.com/hook', ...more });
  const { id } = made.json.data;
  const path = `${BASE}/${id}`;
  await api.call('POST', `${path}/pause`);
  await api.call('POST', '/api/v1/events', { type: 'a.b', data: 1 });
  await api.call('POST', `${path}/resume`);
  const shard = shardOf(id, api.ports.store.shards);
  return {
    api,
    id,
    async hold(reason, probeAtMs) {
      api.advance(1000);
      await api.ports.store.setLane({ subscriptionId: id, shard, reason, probeAtMs });
    },
    shown: async () => (await api.call('GET', `${path}/deliveries`)).json.data[0],
    circuit: async () => (await api.call('GET', path)).json.data.circuit,
  };
}

test('a delivery behind an open circuit says since when, and by when it is probed, in words too', async () => {
  const { api, hold, shown, circuit } = await waiting();
  assert.deepEqual(await circuit(), { state: 'closed', since: null, nextProbeAt: null });
  await hold('circuit', START_MS + 60_000);
  const [since, at] = [iso(START_MS + 1000), iso(START_MS + 60_000)];
  const held = await shown();
  assert.deepEqual([held.heldReason, held.heldSince, held.nextProbeAt], ['circuit', since, at]);
  assert.ok(
    held.heldCause?.startsWith(`Not sent yet: its circuit has been open since ${since}; next probe by ${at}. `),
  );
  assert.deepEqual(await circuit(), { state: 'open', since, nextProbeAt: at });
  const one = (await api.call('GET', `/api/v1/deliveries/${held.id}`)).json.data;
  assert.deepEqual([one.heldSince, one.nextProbeAt], [since, at]);
});

test('a probe whose time has come is not announced any more', async () => {
  const { api, hold, shown, circuit } = await waiting();
  await hold('circuit', START_MS + 60_000);
  api.advance(59_000);
  const held = await shown();
  assert.deepEqual([held.heldSince, held.nextProbeAt], [iso(START_MS + 1000), null]);
  assert.match(held.heldCause ?? '', /since 2026-[^;]*Z\. The receiver/);
  assert.deepEqual(await circuit(), { state: 'open', since: iso(START_MS + 1000), nextProbeAt: null });
});

test('what is paused or switched off says since when its subscription is, whatever its lane was opened for', async () => {
  const { api, id, hold, shown, circuit } = await waiting();
  await hold('circuit', START_MS + 60_000);
  api.advance(500);
  await api.call('POST', `${BASE}/${id}/pause`);
  const since = iso(START_MS + 1500);
  const paused = await shown();
  assert.deepEqual([paused.heldReason, paused.heldSince, paused.nextProbeAt], ['paused', since, null]);
  assert.equal(
    paused.heldCause,
    `Not sent yet: its subscription has been paused since ${since}. It does not age meanwhile.`,
  );
  assert.equal(await circuit(), null);
  api.advance(500);
  await api.call('PATCH', `${BASE}/${id}`, { enabled: false });
  const off = await shown();
  assert.deepEqual([off.heldReason, off.heldSince, off.nextProbeAt], ['disabled', iso(START_MS + 2000), null]);
  assert.equal(await circuit(), null);
});

test('what its failures switched off says when it is tried: an hour later, then as its lane tells', async () => {
  const { api, id, hold, shown } = await waiting();
  const { subscriptions } = await api.ports.configuration.of(DEFAULT_TENANT);
  await switchOff(api.ports, subscriptions.get(id) ?? assert.fail(), 'failures');
  const firstMs = START_MS + PROBE_EVERY_MS;
  const off = await shown();
  assert.deepEqual([off.heldReason, off.heldSince, off.nextProbeAt], ['disabled', iso(START_MS), iso(firstMs)]);
  assert.match(off.heldCause ?? '', /switched off since 2026-.*; next probe by 2026-/);
  api.advance(PROBE_EVERY_MS);
  await hold('disabled', firstMs + PROBE_EVERY_MS);
  assert.equal((await shown()).nextProbeAt, iso(firstMs + PROBE_EVERY_MS));
});

test('what waits behind others says since when they do, if its lane was opened for that', async () => {
  const { hold, shown } = await waiting();
  // The reason of its lane is the pause that is over.
  const before = await shown();
  assert.deepEqual([before.heldReason, before.heldSince], ['full', null]);
  assert.equal(before.heldCause, 'Not sent yet: others have been waiting before it.');
  await hold('full', null);
  const since = iso(START_MS + 1000);
  const held = await shown();
  assert.deepEqual([held.heldSince, held.nextProbeAt], [since, null]);
  assert.equal(held.heldCause, `Not sent yet: others have been waiting before it since ${since}.`);
});

test('a profile that always sends has no circuit, and lists ask for none', async () => {
  const { api, circuit } = await waiting({ profile: 'foreman', signatureSecret: 'one' });
  assert.equal(await circuit(), null);
  const [row] = (await api.call('GET', BASE)).json.data;
  assert.equal('circuit' in row, false);
});

test('a delivery that is due, or closed, is held by nothing', async () => {
  const { api, id } = await waiting();
  await api.call('POST', '/api/v1/events', { type: 'a.b', data: 2, id: 'due' });
  const query = `/api/v1/deliveries?subscriptionId=${id}`;
  const due = (await api.call('GET', query)).json.data.find(
    ({ heldReason }: { heldReason: unknown }) => heldReason === null,
  );
  assert.deepEqual([due.heldSince, due.nextProbeAt, due.heldCause], [null, null, null]);
});

test('a fingerprint tells which secret signs, and is null where none is stored', async () => {
  const api = await openApi();
  const create = async (fields: object) => {
    const body = { name: 'n', url: 'https://api.example.com/hook', ...fields };
    return (await api.call('POST', BASE, body)).json.data;
  };
  const signed = { authType: 'signature', signatureSecret: 'my-secret-key' };
  const [one, same, other] = [
    await create(signed),
    await create(signed),
    await create({ ...signed, signatureSecret: 'b' }),
  ];
  assert.match(one.signatureSecretFingerprint, /^[0-9a-f]{12}$/);
  assert.equal(same.signatureSecretFingerprint, one.signatureSecretFingerprint);
  assert.notEqual(other.signatureSecretFingerprint, one.signatureSecretFingerprint);
  const elsewhere = { authType: 'signature', secretRef: 'env:HOOKYARD_SECRET_SIGNING' };
  for (const fields of [{}, elsewhere]) assert.equal((await create(fields)).signatureSecretFingerprint, null);
  const rotated = await api.call('POST', `${BASE}/${one.id}/secret/rotate`, { secret: 'b' });
  assert.equal(rotated.json.data.signatureSecretFingerprint, other.signatureSecretFingerprint, 'that of the new one');
  const rows = (await api.call('GET', BASE)).json.data;
  assert.equal(
    rows.find(({ id }: { id: Id }) => id === one.id).signatureSecretFingerprint,
    other.signatureSecretFingerprint,
  );
  const written = JSON.stringify(api.logged);
  for (const { signatureSecretFingerprint } of [one, other]) assert.ok(!written.includes(signatureSecretFingerprint));
});
