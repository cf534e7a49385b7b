import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aTry, publishedTo, subscribed, TENANT } from '../../../test/store-contract/samples.ts';
import { temporaryStore } from '../../../test/support/sqlite.ts';
import type { AttemptDetail } from '../../core/attempt.ts';

test('an attempt keeps its sequence, and one written before there was an order has none', () =>
  temporaryStore(async ({ open }) => {
    const { store } = await open();
    const ticket = await publishedTo(store, await subscribed(store), {});
    const { sequence: _sequence, ...older } = aTry(ticket).detail;
    const details = [older as AttemptDetail, { ...older, sequence: 42 }];
    let tried = ticket;
    for (const detail of details) {
      const settlement = {
        ticket: tried,
        attempt: aTry(tried, { detail }),
        next: { kind: 'retry', delayMs: 0 },
      } as const;
      const [outcome] = await store.settle({ settlements: [settlement], health: new Map() });
      assert.ok(outcome?.kind === 'settled' && outcome.ticket !== null);
      tried = outcome.ticket;
    }
    const sequences = (await store.attempts(TENANT, ticket.deliveryId)).map(({ detail }) => detail.sequence);
    assert.deepEqual(sequences, [null, 42]);
    await store.close();
  }));
