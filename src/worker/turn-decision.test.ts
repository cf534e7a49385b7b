import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, lastTicket, subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import type { Item } from './item.ts';
import { decideTurn, type TurnDecision } from './turn-decision.ts';

async function due(changes: { kind?: 'test' } = {}): Promise<{ item: Item; live: LiveSubscription; nowMs: number }> {
  const ports = fakePorts();
  const live = await subscribe(ports);
  await emit(ports);
  const event = ports.offered[0]?.event ?? assert.fail('nothing was handed over');
  return {
    item: { ticket: { ...lastTicket(ports), ...changes }, event, mayRepeat: false, probe: false },
    live,
    nowMs: ports.clock.nowMs(),
  };
}

/** What a decision comes to, in one word. */
function wordOf(decision: TurnDecision): string {
  if (decision.kind !== 'settle') return decision.kind;
  const { attempt, next } = decision.settlement;
  return next.kind === 'park' ? next.hold.reason : (attempt?.closes ?? next.kind);
}

test('an item whose turn has come is sent, kept waiting or closed by what its subscription is now', async () => {
  const { item, live, nowMs } = await due();
  const maxAgeMs = (live.config?.retry.maxAgeSeconds ?? 0) * 1000;
  const cases: [string, LiveSubscription | undefined, number][] = [
    ['send', live, nowMs],
    ['send', live, nowMs + maxAgeMs],
    ['expired', live, nowMs + maxAgeMs + 1],
    ['cancelled', undefined, nowMs],
    ['wait', { ...live, config: null, missingKeyId: 'k' }, nowMs],
  ];
  for (const [word, subscription, atMs] of cases) assert.equal(wordOf(decideTurn(item, subscription, atMs)), word);
});

test('a test that turns up was cut off by the end of its process and is never sent by the worker', async () => {
  const { item, live, nowMs } = await due({ kind: 'test' });
  assert.equal(wordOf(decideTurn(item, live, nowMs)), 'cancelled');
});
