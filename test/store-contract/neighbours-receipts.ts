/** Receipts that come to several processes at once, by which one message may come twice. */
import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { ConfigChange, ReceiptOutcome, ReceiptRequest, Store } from '../../src/ports/store.ts';
import type { Street, StreetSentence } from './neighbours-harness.ts';
import { MADE, revising } from './revisions.ts';
import { anEvent, aReceipt, BASE_MS, bytes, newId, only, recording, sha256, TENANT } from './samples.ts';

/** How often they are let run into each other. */
const ROUNDS = 10;
const WINDOW_MS = 600_000;

/** T1 and A5, of several processes. */
export function receiptsOfSeveral(sentence: StreetSentence): void {
  recordings(sentence);
  clocks(sentence);
  revisions(sentence);
  sources(sentence);
}

function keyed(source: Id, key: string, windowMs: number | null = null): ReceiptRequest {
  const events = [{ event: anEvent(), deliveries: [] }];
  return recording(aReceipt(source), { events, dedupe: { key, windowMs, redeliveryAfterMs: null } });
}

/** All of them at once, each by the next process in turn. */
function together({ a, b }: Street, requests: readonly ReceiptRequest[]): Promise<ReceiptOutcome[]> {
  return Promise.all(requests.map((request, at) => (at % 2 === 0 ? a : b).store.recordReceipt(request)));
}

function eventsIn(store: Store): Promise<readonly { id: Id }[]> {
  return store.events({ tenant: TENANT, limit: 1000 });
}

function recordings(sentence: StreetSentence): void {
  sentence('T1 of a message that comes to two at once, one is recorded and the others repeat it', async (street) => {
    const source = newId();
    for (let round = 0; round < ROUNDS; round++) {
      const requests = Array.from({ length: 4 }, () => keyed(source, `key ${round}`));
      const outcomes = await together(street, requests);
      const won = only(requests.filter((_, at) => outcomes[at]?.kind === 'recorded'));
      const repeated = outcomes.filter(({ kind }) => kind !== 'recorded');
      const duplicate = { kind: 'duplicate', of: won.receipt.id, bodyDiffers: false };
      assert.deepEqual(repeated, [duplicate, duplicate, duplicate]);
      assert.equal((await eventsIn(street.b.store)).length, round + 1);
    }
  });

  sentence('T1 a receipt that two record at once is one, with a key or without', async (street) => {
    for (let round = 0; round < ROUNDS; round++) {
      const request = keyed(newId(), 'k');
      const same = round % 2 === 0 ? request : { ...request, dedupe: null };
      const outcomes = await together(street, [same, same]);
      const made = outcomes.map((outcome) => (outcome.kind === 'recorded' ? outcome.handovers.length : outcome.kind));
      assert.deepEqual(made.sort(), [0, 1]);
      assert.equal((await eventsIn(street.a.store)).length, round + 1);
    }
  });

  sentence('T1 two that know a message by its id and by its very bytes do not wait for each other', async (street) => {
    const source = newId();
    for (let round = 0; round < ROUNDS; round++) {
      const key = (name: string) => ({ key: `${name} ${round}`, windowMs: null, redeliveryAfterMs: null });
      const requests = [1, 2, 3, 4].map(() => recording(aReceipt(source), { dedupe: key('id'), replay: key('raw') }));
      const outcomes = await together(street, requests);
      const kinds = outcomes.map(({ kind }) => kind).sort();
      assert.deepEqual(kinds, ['duplicate', 'duplicate', 'duplicate', 'recorded']);
    }
  });

  sentence('T1 of what one key is at two sources, each process records its own', async (street) => {
    for (let round = 0; round < ROUNDS; round++) {
      const outcomes = await together(street, [keyed(newId(), 'k'), keyed(newId(), 'k')]);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['recorded', 'recorded'],
      );
    }
  });
}

function clocks(sentence: StreetSentence): void {
  sentence('T1 a key ends for all at once, by engine time, however far their clocks are apart', async (street) => {
    const { a, b, advance } = street;
    const source = newId();
    const at = (receivedAtMs: number) => ({
      ...keyed(source, 'k', WINDOW_MS),
      receipt: aReceipt(source, { receivedAtMs }),
    });
    const first = at(BASE_MS + 2 * WINDOW_MS);
    await a.store.recordReceipt(first);
    assert.equal((await b.store.recordReceipt(at(BASE_MS))).kind, 'duplicate');
    await advance(WINDOW_MS + 1);
    const fresh = at(BASE_MS - 2 * WINDOW_MS);
    assert.equal((await b.store.recordReceipt(fresh)).kind, 'recorded');
    const outcome = await a.store.recordReceipt(at(BASE_MS + 2 * WINDOW_MS));
    assert.equal(outcome.kind === 'duplicate' && outcome.of, fresh.receipt.id);
  });
}

function revisions(sentence: StreetSentence): void {
  sentence('T1 of two that work through one receipt at once, one does', async ({ a, b }) => {
    const receipt = aReceipt(newId(), { outcome: 'held' });
    await a.store.recordReceipt(recording(receipt));
    for (let revision = 0; revision < ROUNDS; revision++) {
      const dedupe = { key: `key ${revision}`, windowMs: null, redeliveryAfterMs: null };
      const outcomes = [a, b].map(({ store }) => {
        const events = [{ event: anEvent(), deliveries: [] }];
        return store.reviseReceipt(revising({ ...receipt, revision }, { events, dedupe }));
      });
      assert.deepEqual((await Promise.all(outcomes)).map(({ kind }) => kind).sort(), ['conflict', 'revised']);
    }
    assert.equal((await b.store.receipt(TENANT, receipt.id))?.eventIds.length, ROUNDS);
    assert.equal((await eventsIn(b.store)).length, ROUNDS);
  });

  sentence('T1 what one accepts while the same comes to the other is once a duplicate', async ({ a, b }) => {
    for (let round = 0; round < ROUNDS; round++) {
      const source = newId();
      const rejected = aReceipt(source, { outcome: 'rejected' });
      await a.store.recordReceipt(recording(rejected));
      const coming = keyed(source, 'k');
      const [accepted, recorded] = await Promise.all([
        a.store.reviseReceipt(revising(rejected, { dedupe: coming.dedupe })),
        b.store.recordReceipt(coming),
      ]);
      if (recorded.kind === 'recorded') {
        assert.deepEqual(accepted, { kind: 'duplicate', of: coming.receipt.id, bodyDiffers: false });
      } else {
        assert.deepEqual(accepted, MADE);
        assert.deepEqual(recorded, { kind: 'duplicate', of: rejected.id, bodyDiffers: false });
      }
    }
  });
}

function putting(id: Id, version: number | null, releaseTaskId?: Id): ConfigChange {
  const put = { kind: 'put_source', id, config: bytes('c'), createdBy: null, enabled: true } as const;
  return { ...put, urlKeyHash: sha256(id), version, ...(releaseTaskId === undefined ? {} : { releaseTaskId }) };
}

function sources(sentence: StreetSentence): void {
  const changed = ({ store }: { store: Store }, change: ConfigChange) =>
    store.configure({ tenant: TENANT, change, claims: [] });
  const heldBy = async (store: Store, source: Id) =>
    (await store.heldReceipts(source, { receipts: 100, bytes: 1e9 })).map(({ receipt }) => receipt.id);

  sentence(
    'A5 what one holds while the other lets its source go on is found then, or decided again',
    async (street) => {
      const { a, b } = street;
      for (let round = 0; round < ROUNDS; round++) {
        const source = newId();
        await changed(a, putting(source, null));
        const configVersion = await a.store.configVersion(TENANT);
        const requests = [1, 2, 3].map(() => recording(aReceipt(source, { outcome: 'held' }), { configVersion }));
        const coming = requests.map((request) => b.store.recordReceipt(request));
        await changed(a, putting(source, 1, newId()));
        const found = await heldBy(a.store, source);
        const outcomes = await Promise.all(coming);
        const kept = requests.filter((_, at) => outcomes[at]?.kind === 'recorded').map(({ receipt }) => receipt.id);
        assert.deepEqual(found, kept);
        assert.ok(outcomes.every(({ kind }) => kind === 'recorded' || kind === 'stale'));
      }
    },
  );

  sentence('A5 a source that one deletes unless it holds something holds nothing afterwards', async ({ a, b }) => {
    for (let round = 0; round < ROUNDS; round++) {
      const source = newId();
      await changed(a, putting(source, null));
      const configVersion = await a.store.configVersion(TENANT);
      const [held, deleted] = await Promise.all([
        b.store.recordReceipt(recording(aReceipt(source, { outcome: 'held' }), { configVersion })),
        changed(a, { kind: 'delete_source', id: source, unlessHolding: true }),
      ]);
      assert.deepEqual(
        [held.kind, deleted.kind],
        deleted.kind === 'changed' ? ['stale', 'changed'] : ['recorded', 'holding'],
      );
    }
  });

  sentence('A5 of two that let one source go on at once, one does, and makes one task', async ({ a, b }) => {
    for (let round = 0; round < ROUNDS; round++) {
      const source = newId();
      await changed(a, putting(source, null));
      const outcomes = await Promise.all([a, b].map((process) => changed(process, putting(source, 1, newId()))));
      assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['changed', 'conflict']);
      const tasks = await a.store.claimTasks([0, 1, 2, 3], 100);
      assert.equal(tasks.filter(({ ref }) => ref === source).length, 1);
    }
  });
}
