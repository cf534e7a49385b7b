import assert from 'node:assert/strict';
import type { HookEvent } from '../../src/core/event.ts';
import { FIRST_ID, type Id } from '../../src/core/ids.ts';
import type { DeliveryQuery, EventQuery, Paging, ReceiptQuery, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aDelivery,
  anEvent,
  aReceipt,
  BASE_MS,
  giving,
  newId,
  published,
  recording,
  subscribed,
  succeeding,
  TENANT,
} from './samples.ts';

const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** After all that the samples say without a time. */
const FROM_MS = BASE_MS + 3_600_000;

type Lister = (store: Store, paging: Paging) => Promise<readonly string[]>;

/** Pages after an id, in every list, and walks from end to end and back. */
export function walking(sentence: Sentence): void {
  sentence('Q1 what comes after an id is the page next to it, newest first, in every list', async (under) => {
    const filled = await filledLists(under.store);
    for (const [name, list] of Object.entries(variantsOf(filled))) {
      const all = await list(under.store, { limit: 200 });
      assert.ok(all.length > 2, name);
      for (const after of [FIRST_ID, ...all]) {
        const newer = all.filter((id) => id > after);
        assert.deepEqual(await list(under.store, { limit: 2, after }), newer.slice(-2), name);
        assert.deepEqual(await list(under.store, { limit: 200, after, offset: 1, before: after }), newer, name);
      }
    }
  });

  for (const [name, { list, come }] of Object.entries(GROWING)) {
    sentence(
      `Q1 a walk through ${name}, to the oldest and back, meets each once, whatever comes meanwhile`,
      async ({ store }) => {
        const coming = [5, 1, 9, 3, 7, 0, 8, 4, 2, 6, 11, 10].map((second) => newId(FROM_MS + second * 1_000));
        const next = async () => {
          const id = coming.shift();
          if (id !== undefined) await come(store, id);
        };
        for (let first = 0; first < 4; first++) await next();
        for (const step of [older, newer]) {
          const there = await list(store, { limit: 99 });
          const met = await walked((paging) => list(store, paging), next, step);
          assert.deepEqual(met, [...new Set(met)].sort().reverse());
          assert.ok(there.every((id) => met.includes(id)));
          assert.ok(met.length > there.length);
        }
      },
    );
  }
}

const SOURCE = newId();

/** Lists, and how one more comes into them. */
const GROWING: Readonly<Record<string, { list: Lister; come(store: Store, id: Id): Promise<unknown> }>> = {
  events: {
    list: async (store, paging) => (await store.events({ tenant: TENANT, ...paging })).map(({ id }) => id),
    come: (store, id) => published(store, anEvent({ id }), []),
  },
  receipts: {
    list: (store, paging) => receiptsBy(store, paging),
    come: (store, id) => store.recordReceipt(recording(aReceipt(newId(), { id }))),
  },
  'what a source rejected': {
    list: (store, paging) => receiptsBy(store, { sourceId: SOURCE, outcome: 'rejected', ...paging }),
    come: async (store, id) => {
      await store.recordReceipt(recording(aReceipt(SOURCE, { id, outcome: 'rejected' })));
      await store.recordReceipt(recording(aReceipt(SOURCE)));
    },
  },
};

async function receiptsBy(store: Store, query: Partial<ReceiptQuery> & Paging): Promise<readonly Id[]> {
  return (await store.receipts({ tenant: TENANT, ...query })).map(({ receipt }) => receipt.id);
}

type Step = (met: readonly string[]) => { paging: Omit<Paging, 'limit'>; join(page: readonly string[]): string[] };

const older: Step = (met) => ({ paging: { before: met.at(-1) ?? LAST_ID }, join: (page) => [...met, ...page] });
const newer: Step = (met) => ({ paging: { after: met[0] ?? FIRST_ID }, join: (page) => [...page, ...met] });

/** What a walk from one end of a list meets, where something comes with each page. */
async function walked(
  list: (paging: Paging) => Promise<readonly string[]>,
  come: () => Promise<void>,
  step: Step,
): Promise<readonly string[]> {
  for (let met: readonly string[] = []; ; ) {
    const { paging, join } = step(met);
    const [page] = await Promise.all([list({ limit: 2, ...paging }), come()]);
    if (page.length === 0 || met.length > 99) return met;
    met = join(page);
  }
}

/** Each list by what may be asked of it, of what `filledLists` made. */
function variantsOf({
  hook,
  event,
  source,
}: Awaited<ReturnType<typeof filledLists>>): Readonly<Record<string, Lister>> {
  const events = (query: Partial<EventQuery>) => async (store: Store, paging: Paging) =>
    (await store.events({ tenant: TENANT, ...query, ...paging })).map(({ id }) => id);
  const deliveries = (query: Partial<DeliveryQuery>) => async (store: Store, paging: Paging) =>
    (await store.deliveries({ tenant: TENANT, ...query, ...paging })).map(({ deliveryId }) => deliveryId);
  const receipts = (query: Partial<ReceiptQuery>) => (store: Store, paging: Paging) =>
    receiptsBy(store, { ...query, ...paging });
  const [sinceMs, untilMs] = [FROM_MS + 1_500, FROM_MS + 7_500];
  return {
    events: events({}),
    'events of a type': events({ type: 'image.pushed' }),
    'events of an owner': events({ owner: 'org:7' }),
    'events of a time': events({ sinceMs, untilMs }),
    deliveries: deliveries({}),
    'deliveries of a subscription': deliveries({ subscriptionId: hook }),
    'deliveries of an event': deliveries({ eventId: event }),
    'deliveries of a type': deliveries({ type: 'image.pushed' }),
    'deliveries of a time': deliveries({ sinceMs, untilMs }),
    'open deliveries': deliveries({ status: 'pending' }),
    'deliveries that succeeded': deliveries({ status: 'succeeded' }),
    'deliveries not made': deliveries({ status: 'undelivered' }),
    'deliveries of a subscription not made': deliveries({ subscriptionId: hook, status: 'undelivered' }),
    'deliveries of a subscription that failed': deliveries({ subscriptionId: hook, status: 'failed_permanent' }),
    receipts: receipts({}),
    'receipts of a source': receipts({ sourceId: source }),
    'receipts of an outcome': receipts({ outcome: 'ignored' }),
    'rejected receipts of a source': receipts({ sourceId: source, outcome: 'rejected' }),
    'receipts of a time': receipts({ sinceMs, untilMs }),
  };
}

/** Nine events a second apart to four subscriptions, with what came of their deliveries; nine receipts. */
async function filledLists(store: Store) {
  const hooks = [await subscribed(store), await subscribed(store), await subscribed(store), await subscribed(store)];
  const source = newId();
  const events: HookEvent[] = [];
  for (let second = 0; second < 9; second++) {
    const ms = FROM_MS + second * 1_000;
    const [type, owner] = [
      second % 2 === 0 ? 'image.pushed' : 'deploy.done',
      second % 3 === 0 ? null : 'org:7/repo:42',
    ];
    const event = anEvent({ id: newId(ms), type, owner, acceptedAtMs: ms, occurredAtMs: ms });
    await deliveredInPart(store, event, hooks, second);
    const outcome = second % 3 === 0 ? 'ignored' : 'rejected';
    const receipt = aReceipt(second % 4 === 0 ? newId() : source, { id: newId(ms), receivedAtMs: ms, outcome });
    await store.recordReceipt(recording(receipt, { configVersion: await store.configVersion(TENANT) }));
    events.push(event);
  }
  return { hook: hooks[0] ?? '', event: events[4]?.id ?? '', source };
}

/** Of three deliveries in turn one is made, one fails and one stays open. */
async function deliveredInPart(store: Store, event: HookEvent, hooks: readonly Id[], turn: number): Promise<void> {
  const made = hooks.map((hook) => aDelivery(event, hook, { deliveryId: newId(event.acceptedAtMs) }));
  const tickets = await published(store, event, made);
  const settlements = tickets.flatMap((ticket, at) => {
    const outcomes = [[succeeding(ticket)], [giving(ticket, 'failed_permanent')], []];
    return outcomes[(at + turn) % outcomes.length] ?? [];
  });
  await store.settle({ settlements, health: new Map() });
}
