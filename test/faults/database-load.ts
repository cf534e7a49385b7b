/** Appends and settles against a database that fails, and what must be true of it afterwards. */
import assert from 'node:assert/strict';
import { Client } from 'pg';
import { systemClock } from '../../src/adapters/clock.ts';
import { isStoreAway } from '../../src/core/store-away.ts';
import type { AppendRequest, Store, Ticket } from '../../src/ports.ts';
import { createSettling } from '../../src/worker/settling.ts';
import { aDelivery, anEvent, newId, succeeding, upTo } from '../store-contract/samples.ts';
import { eventually } from '../support/eventually.ts';
import { QUIET_LOG } from '../support/sqlite.ts';

/** Publishers at once; each waits for its answer. */
const PUBLISHERS = 6;
const PAUSE_MS = 10;

export interface DatabaseLoad {
  /** Resolves when that many more events were acknowledged and their tries settled. */
  more(events: number): Promise<void>;
  /** Answers that the store was away. */
  refused(): number;
  /** Stops, settles what is left, and compares what is stored with what was acknowledged. */
  finish(url: string): Promise<void>;
}

/** Publishes and settles until told to finish. A refused append is made again with the same id, as callers do. */
export function startLoad(store: Store): DatabaseLoad {
  const settling = createSettling({ store, clock: systemClock, log: QUIET_LOG });
  const acknowledged: string[] = [];
  const outcomes: string[] = [];
  let stopped = false;
  let refused = 0;

  const settle = (ticket: Ticket) => settling.add(succeeding(ticket), ({ kind }) => outcomes.push(kind));

  async function publish(): Promise<void> {
    const event = anEvent();
    const request: AppendRequest = { event, deliveries: [aDelivery(event, newId())], configVersion: 0, claims: [] };
    for (;;) {
      const outcome = await store.append(request).catch(notedAsAway);
      if (outcome === null) await pause();
      else {
        if (outcome.kind === 'appended') outcome.tickets.forEach(settle);
        else assert.equal(outcome.kind, 'duplicate');
        acknowledged.push(event.id);
        return;
      }
    }
  }
  function notedAsAway(error: unknown): null {
    assert.ok(isStoreAway(error), String(error));
    refused += 1;
    return null;
  }
  async function publisher(): Promise<void> {
    while (!stopped) await publish();
  }
  const publishers = Array.from({ length: PUBLISHERS }, publisher);

  return {
    more: async (events) => {
      const [appends, settles] = [acknowledged.length + events, outcomes.length + events];
      await eventually(`${events} more events to be settled`, () =>
        acknowledged.length >= appends && outcomes.length >= settles ? true : null,
      );
    },
    refused: () => refused,
    finish: async (url) => {
      stopped = true;
      await Promise.all(publishers);
      await settling.flush();
      // What was acknowledged as stored before comes without its ticket; the next poll has it.
      const claim = () => store.claim([{ shard: 0, after: null }], upTo(10_000)).catch(notedAsAway);
      (await eventually('what is open', claim)).tickets.forEach(settle);
      await settling.flush();
      assert.deepEqual(new Set(outcomes), new Set(['settled']));
      await compare(url, acknowledged);
    },
  };
}

async function compare(url: string, acknowledged: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; tries: number }>(
      'select e.id, count(a.n)::int as tries from event e left join attempt a on a.event_id = e.id group by e.id',
    );
    assert.deepEqual(new Set(rows.map(({ tries }) => tries)), new Set([1]));
    assert.deepEqual(rows.map(({ id }) => id).sort(), acknowledged.toSorted());
    const open = await client.query('select delivery_id from due union all select delivery_id from lane');
    assert.deepEqual(open.rows, []);
  } finally {
    await client.end();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
