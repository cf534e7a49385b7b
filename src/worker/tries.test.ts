import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, lastTicket, subscribe } from '../../test/support/flows.ts';
import { answered, type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { heldSender, quiet } from '../../test/support/worker.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import type { Item } from './item.ts';
import { type Isolation, POISON_AFTER, trySending } from './tries.ts';
import type { TurnDecision } from './turn-decision.ts';

type Send = Extract<TurnDecision, { kind: 'send' }>;

/** A suspect of which `times` sends were noted, and what was decided for it. */
async function suspect(ports: FakePorts, times: number): Promise<{ item: Item; decision: Send }> {
  const subscription = await subscribe(ports);
  await emit(ports);
  const ticket = lastTicket(ports);
  const stored = await ports.store.event(DEFAULT_TENANT, ticket.eventId);
  assert.ok(stored !== null && subscription.config !== null);
  for (let noted = 0; noted < times; noted++) await ports.store.intend([{ deliveryId: ticket.deliveryId, n: 1 }]);
  const item = { ticket, event: stored.event, mayRepeat: true, probe: false };
  return { item, decision: { kind: 'send', subscription, config: subscription.config } };
}

const isolation = (): Isolation => ({ last: Promise.resolve() });

test('what was on its way each time the process ended is not sent any more', async () => {
  const { sender, held } = heldSender();
  const ports = fakePorts({ sender });
  const { item, decision } = await suspect(ports, 0);
  for (let death = 1; death <= POISON_AFTER; death++) {
    void trySending(ports, item, decision, isolation(), () => decision);
    await quiet();
  }
  const sent = held.length;
  const done = await trySending(ports, item, decision, isolation(), () => decision);
  assert.equal(done.kind === 'turn' && done.turn.settlement.attempt?.failure, 'poison');
  assert.equal(held.length, sent);
  assert.ok(sent > 1);
});

test('suspects of the second time go one after the other, each when the one before it has ended', async () => {
  const { sender, held } = heldSender();
  const ports = fakePorts({ sender });
  const one = await suspect(ports, 1);
  const other = await suspect(ports, 1);
  const alone = isolation();
  const tries = [one, other].map(({ item, decision }) => trySending(ports, item, decision, alone, () => decision));
  await quiet();
  assert.equal(held.length, 1);
  held[0]?.answer(answered(200));
  await quiet();
  assert.equal(held.length, 2);
  held[1]?.answer(answered(500));
  const ended = await Promise.all(tries);
  assert.deepEqual(
    ended.map((done) => done.kind === 'turn' && done.turn.tried?.judgement.delivered),
    [true, false],
  );
});

test('one that waited for another is not sent if that is not wanted any more', async () => {
  const { sender, held } = heldSender();
  const ports = fakePorts({ sender });
  const one = await suspect(ports, 1);
  const other = await suspect(ports, 1);
  const alone = isolation();
  const first = trySending(ports, one.item, one.decision, alone, () => one.decision);
  const second = trySending(ports, other.item, other.decision, alone, () => ({ kind: 'leave' as const }));
  await quiet();
  held[0]?.answer(answered(200));
  assert.equal((await first).kind, 'turn');
  assert.equal((await second).kind, 'leave');
  assert.equal(held.length, 1);
});

test('a suspect whose try fails does not hold up those behind it', async () => {
  const ports = fakePorts();
  const one = await suspect(ports, 1);
  const other = await suspect(ports, 1);
  const alone = isolation();
  const fault = () => {
    throw new Error('a bug');
  };
  const first = trySending(ports, one.item, one.decision, alone, fault);
  const second = trySending(ports, other.item, other.decision, alone, () => other.decision);
  await assert.rejects(first, /a bug/);
  assert.equal((await second).kind, 'turn');
});

test('one that merely waited behind another each time the process ended is not poison', async () => {
  const { sender, held } = heldSender();
  const ports = fakePorts({ sender });
  const { item, decision } = await suspect(ports, 0);
  for (let death = 0; death < 2 * POISON_AFTER; death++) {
    const behind: Isolation = { last: new Promise(() => undefined) };
    void trySending(ports, item, decision, behind, () => decision);
    await quiet();
  }
  const sent = held.length;
  void trySending(ports, item, decision, isolation(), () => decision);
  await quiet();
  assert.equal(held.length, sent + 1);
});

test('what cannot be signed waits without a try, and is not charged for an end of the process', async () => {
  const ports = fakePorts();
  for (const mayRepeat of [true, false]) {
    const { item, decision } = await suspect(ports, POISON_AFTER);
    const lacking = { ...decision, config: { ...decision.config, secretRef: 'file:gone' } };
    for (let look = 0; look < 2; look++) {
      const done = await trySending(ports, { ...item, mayRepeat }, lacking, isolation(), () => lacking);
      assert.ok(done.kind === 'wait', done.kind);
      assert.deepEqual(done.settlement, {
        ticket: item.ticket,
        attempt: null,
        next: { kind: 'retry', delayMs: 60_000 },
      });
      assert.deepEqual(done.lacks, { reference: 'file:gone', reason: 'nothing is there' });
    }
    const [times] = await ports.store.intend([{ deliveryId: item.ticket.deliveryId, n: 1 }]);
    assert.equal(times, POISON_AFTER + 1);
  }
  assert.deepEqual(ports.sent, []);
});
