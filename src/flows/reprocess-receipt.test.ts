import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf, subscribe } from '../../test/support/flows.ts';
import { door, json, receipts, receive, SOURCE_SECRET, stored, typed } from '../../test/support/inbound.ts';
import { twoProcesses } from '../../test/support/neighbours.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { changeSource } from './change-source.ts';
import type { LiveSource } from './configuration.ts';
import { deleteSource } from './delete-source.ts';
import { pauseSource } from './pause-source.ts';
import { type Reprocessed, reprocessReceipt } from './reprocess-receipt.ts';

const tenant = DEFAULT_TENANT;

async function run(ports: FakePorts, id: Id, dryRun = false): Promise<Reprocessed> {
  const outcome = await reprocessReceipt(ports, { tenant, id, dryRun });
  assert.ok(outcome.kind === 'reprocessed', JSON.stringify(outcome));
  return outcome;
}

async function pushed(ports: FakePorts): Promise<{ source: LiveSource; receiptId: Id }> {
  const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
  const { receiptId } = stored(await receive(ports, typed(source)));
  return { source, receiptId };
}

describe('a dry run', () => {
  test('says which events would be made and for how many, and writes nothing', async () => {
    const ports = fakePorts();
    const { receiptId } = await pushed(ports);
    await subscribe(ports, { events: ['image.*'] });
    await subscribe(ports, { events: ['image.pushed'] });
    await subscribe(ports, { events: ['other'] });
    const before = await ports.store.receipt(tenant, receiptId);
    const { dryRun, revision, outcome, reason, facts, events, eventIds } = await run(ports, receiptId, true);
    assert.deepEqual([dryRun, revision, outcome, reason], [true, 0, 'ignored', 'No matching component']);
    assert.deepEqual([facts.length, events.length, events[0]?.deliveries.length], [1, 1, 2]);
    assert.equal(events[0]?.event.type, 'image.pushed');
    assert.deepEqual(eventIds, before?.eventIds);
    assert.deepEqual(await ports.store.receipt(tenant, receiptId), before);
    assert.equal((await ports.store.events({ tenant, limit: 9 })).length, 1);
  });
});

describe('a run', () => {
  test('makes the events once more for today’s subscriptions, counts, and lists all that it has become', async () => {
    const ports = fakePorts();
    const { source, receiptId } = await pushed(ports);
    await subscribe(ports, { events: ['image.pushed'] });
    ports.clock.advance(5000);
    const { revision, events, eventIds } = await run(ports, receiptId);
    assert.deepEqual([revision, eventIds.length], [1, 2]);
    const kept = await ports.store.receipt(tenant, receiptId);
    assert.deepEqual([kept?.receipt.revision, kept?.eventIds], [1, eventIds]);
    assert.equal(ports.offered.at(-1)?.tickets.length, 1);
    const event = (await ports.store.event(tenant, events[0]?.event.id ?? ''))?.event;
    assert.deepEqual(event?.source, { kind: 'receipt', id: receiptId });
    assert.equal(event?.acceptedAtMs, ports.clock.nowMs());
    assert.equal(event?.occurredAtMs, kept?.receipt.receivedAtMs);
    assert.equal((await run(ports, receiptId)).revision, 2);
    assert.equal(source.id, kept?.receipt.sourceId);
  });

  test('reads by the configuration of today', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'generic', secret: SOURCE_SECRET });
    const body = json({ artifact: { ref: 'registry.example.com/acme/api:7' } });
    const route = { kind: 'typed', route: 'generic', sourceId: source.id } as const;
    const { receiptId, reason } = stored(await receive(ports, typed(source, { body, door: route })));
    assert.match(reason ?? '', /^unreadable/);
    const patch = { mapping: { image: '$.artifact.ref' }, registry: 'registry.example.com' };
    await changeSource(ports, { tenant, id: source.id, patch, ifVersion: null });
    const { outcome, facts, events } = await run(ports, receiptId);
    assert.deepEqual([outcome, facts.length, events.length], ['ignored', 1, 1]);
    const kept = await ports.store.receipt(tenant, receiptId);
    assert.deepEqual([kept?.receipt.reason, kept?.facts.length], ['No matching component', 1]);
  });

  test('works through what is held, also while the source stays paused', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    await pauseSource(ports, { tenant, id: source.id, paused: true });
    const { receiptId } = stored(await receive(ports, typed(source)));
    assert.equal((await run(ports, receiptId)).events.length, 1);
    assert.equal((await ports.store.receipt(tenant, receiptId))?.receipt.outcome, 'ignored');
  });

  test('asked for twice under one key is made once: the key is used in the transaction of the revision', async () => {
    const ports = fakePorts();
    const { receiptId: id } = await pushed(ports);
    const claim = { scope: 's', key: 'k', bodyHash: new Uint8Array([1]), answer: new Uint8Array([2]) };
    const request = { tenant, id, dryRun: false, claims: () => [claim] };
    assert.equal((await reprocessReceipt(ports, request)).kind, 'reprocessed');
    const again = await reprocessReceipt(ports, request);
    assert.ok(again.kind === 'repeated' && again.answer[0] === 2, JSON.stringify(again));
    const other = { ...request, claims: () => [{ ...claim, bodyHash: new Uint8Array([3]) }] };
    problemOf(await reprocessReceipt(ports, other), 'idempotency_mismatch');
    assert.equal((await ports.store.receipt(tenant, id))?.receipt.revision, 1);
  });

  test('decides anew when somebody else was faster, and on what another process configured', async () => {
    const { here, there } = twoProcesses();
    const { receiptId } = await pushed(here);
    await subscribe(there, { events: ['image.pushed'] });
    const { reviseReceipt } = here.store;
    let isFirst = true;
    here.store.reviseReceipt = async (request) => {
      if (!isFirst) return reviseReceipt(request);
      isFirst = false;
      await run(there, receiptId);
      return reviseReceipt(request);
    };
    const { revision, eventIds, events } = await run(here, receiptId);
    assert.deepEqual([revision, eventIds.length, events[0]?.deliveries.length], [2, 3, 1]);
  });
});

describe('a duplicate', () => {
  test('with another body than the first may be a push of its own: a person decides, and it is worked through', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    const send = async (image: string) => {
      const body = json({ image });
      const { headers } = typed(source, { body });
      return stored(await receive(ports, typed(source, { body, headers: [...headers, ['Idempotency-Key', 'run 7']] })));
    };
    await send('registry.example.com/shop/one:7');
    const other = await send('registry.example.com/shop/two:7');
    assert.equal(other.action, 'duplicate');
    const { facts, eventIds, revision } = await run(ports, other.receiptId);
    assert.deepEqual([facts.length, eventIds.length, revision], [1, 1, 1]);
    const { receipt } = (await ports.store.receipt(tenant, other.receiptId)) ?? {};
    assert.deepEqual([receipt?.outcome, receipt?.reason], ['ignored', 'No matching component']);
  });
});

describe('what cannot be reprocessed', () => {
  test('is what proved nothing, repeats another receipt, or lost its source', async () => {
    const ports = fakePorts();
    const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
    await receive(ports, typed(source, { headers: [] }));
    const [rejected] = await receipts(ports);
    const request = { tenant, id: rejected?.receipt.id ?? '', dryRun: false };
    problemOf(await reprocessReceipt(ports, request), 'receipt_rejected');
    const { headers } = typed(source);
    const keyed = typed(source, { headers: [...headers, ['Idempotency-Key', 'k']] });
    const first = stored(await receive(ports, keyed));
    const second = stored(await receive(ports, keyed));
    const refused = await reprocessReceipt(ports, { ...request, id: second.receiptId });
    assert.match(problemOf(refused, 'receipt_duplicate').detail ?? '', new RegExp(first.receiptId));
    await deleteSource(ports, { tenant, id: source.id });
    problemOf(await reprocessReceipt(ports, { ...request, id: first.receiptId }), 'source_gone');
    problemOf(await reprocessReceipt(ports, { ...request, id: source.id }), 'not_found');
    problemOf(await reprocessReceipt(ports, { ...request, tenant: source.id }), 'not_found');
  });
});
