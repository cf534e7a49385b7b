import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { subscribe } from '../../test/support/flows.ts';
import { door, json, receipts, receive, SOURCE_SECRET, stored, typed } from '../../test/support/inbound.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import type { HookEvent } from '../core/event.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { runTasks } from '../worker/tasks.ts';
import { changeSource } from './change-source.ts';
import type { LiveSource } from './configuration.ts';
import { deleteSource } from './delete-source.ts';
import { pauseSource } from './pause-source.ts';
import { releaseHeld } from './release-held.ts';
import { reprocessReceipt } from './reprocess-receipt.ts';

const tenant = DEFAULT_TENANT;

async function pause(ports: FakePorts, { id }: LiveSource, paused: boolean): Promise<void> {
  const outcome = await pauseSource(ports, { tenant, id, paused });
  assert.equal(outcome.kind, 'changed', JSON.stringify(outcome));
}

/** A paused source that holds `count` pushes, tagged 1, 2, … */
async function holding(ports: FakePorts, count: number): Promise<LiveSource> {
  const source = await door(ports, { type: 'native', secret: SOURCE_SECRET });
  await pause(ports, source, true);
  for (let tag = 1; tag <= count; tag++) {
    ports.clock.advance(1);
    const body = json({ image: `registry.example.com/acme/api:${tag}` });
    assert.equal(stored(await receive(ports, typed(source, { body }))).reason, 'Held: the source is paused.');
  }
  return source;
}

const tagOf = ({ data }: Pick<HookEvent, 'data'>) => JSON.parse(new TextDecoder().decode(data)).image.tag;

/** Tags of the events that were made. */
async function tagsOf(ports: FakePorts): Promise<string[]> {
  return (await ports.store.events({ tenant, limit: 200 })).map(tagOf).sort();
}

async function heldBy(ports: FakePorts): Promise<number> {
  return (await receipts(ports)).filter(({ receipt }) => receipt.outcome === 'held').length;
}

describe('a source that goes on', () => {
  test('has its task work through what it held, oldest first, each once', async () => {
    const ports = fakePorts();
    await subscribe(ports, { events: ['image.pushed'] });
    const source = await holding(ports, 5);
    await pause(ports, source, false);
    assert.equal(await runTasks(ports, [0]), true);
    assert.deepEqual(await tagsOf(ports), ['1', '2', '3', '4', '5']);
    assert.equal(await heldBy(ports), 0);
    assert.deepEqual(
      ports.offered.map(({ event }) => tagOf(event)),
      ['1', '2', '3', '4', '5'],
    );
    const [last] = await receipts(ports);
    assert.deepEqual([last?.receipt.outcome, last?.receipt.reason], ['ignored', 'No matching component']);
    assert.deepEqual([last?.receipt.revision, last?.eventIds.length], [1, 1]);
    await runTasks(ports, [0]);
    assert.deepEqual(await ports.store.claimTasks([0], 9), []);
    assert.equal((await tagsOf(ports)).length, 5);
  });

  test('decides by what it is configured like then', async () => {
    const ports = fakePorts();
    const source = await holding(ports, 2);
    const patch = { filters: [{ field: '$.tag', operator: 'equals', value: '2' }] as const };
    await changeSource(ports, { tenant, id: source.id, patch, ifVersion: null });
    await pause(ports, source, false);
    await runTasks(ports, [0]);
    assert.deepEqual(await tagsOf(ports), ['2']);
  });

  test('does so step by step', async () => {
    const ports = fakePorts();
    const source = await holding(ports, 51);
    await pause(ports, source, false);
    assert.equal(await releaseHeld(ports, tenant, source.id), 'more');
    assert.equal((await tagsOf(ports)).length, 50);
    assert.equal(await releaseHeld(ports, tenant, source.id), 'more');
    assert.equal(await releaseHeld(ports, tenant, source.id), 'done');
    assert.equal((await tagsOf(ports)).length, 51);
  });
});

describe('what is held', () => {
  test('stays held when the source is paused again, or gone', async () => {
    const ports = fakePorts();
    const source = await holding(ports, 2);
    assert.equal(await releaseHeld(ports, tenant, source.id), 'done');
    assert.equal(await heldBy(ports), 2);
    await deleteSource(ports, { tenant, id: source.id });
    assert.equal(await releaseHeld(ports, tenant, source.id), 'done');
    assert.equal(await heldBy(ports), 2);
  });

  test('stays held from the moment on at which the source is paused in between', async () => {
    const ports = fakePorts();
    const source = await holding(ports, 3);
    await pause(ports, source, false);
    const { reviseReceipt } = ports.store;
    let revisions = 0;
    ports.store.reviseReceipt = async (request) => {
      if (++revisions === 2) await pause(ports, source, true);
      return reviseReceipt(request);
    };
    assert.equal(await releaseHeld(ports, tenant, source.id), 'done');
    assert.deepEqual(await tagsOf(ports), ['1']);
    assert.equal(await heldBy(ports), 2);
  });

  test('is not touched again when a person or another release was faster', async () => {
    const ports = fakePorts();
    const source = await holding(ports, 2);
    await pause(ports, source, false);
    const { heldReceipts } = ports.store;
    ports.store.heldReceipts = async (...asked) => {
      const held = await heldReceipts(...asked);
      for (const { receipt } of held) await reprocessReceipt(ports, { tenant, id: receipt.id, dryRun: false });
      return held;
    };
    assert.equal(await releaseHeld(ports, tenant, source.id), 'later');
    assert.deepEqual(await tagsOf(ports), ['1', '2']);
  });

  test('waits for a source whose key is missing', async () => {
    const ports = fakePorts();
    const source = await holding(ports, 1);
    await pause(ports, source, false);
    const { sealer, store } = fakePorts({ store: ports.store });
    const locked = fakePorts({ store, sealer: { ...sealer, open: () => ({ kind: 'unavailable', keyId: 'k' }) } });
    assert.equal(await releaseHeld(locked, tenant, source.id), 'later');
    assert.equal(await heldBy(ports), 1);
    await runTasks(locked, [0]);
    assert.deepEqual(await ports.store.claimTasks([0], 9), []);
    ports.clock.advance(30_000);
    assert.equal(await runTasks(ports, [0]), true);
    assert.equal(await heldBy(ports), 0);
  });
});
