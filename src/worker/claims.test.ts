import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emit, lastTicket, subscribe } from '../../test/support/flows.ts';
import { fakePorts } from '../../test/support/ports.ts';
import type { Ticket } from '../ports.ts';
import { createClaims } from './claims.ts';

/** What the second of two claims a moment apart reads of a delivery that is on its way all the time. */
async function readAgain(trailMs: number): Promise<number> {
  const ports = fakePorts();
  await subscribe(ports);
  await emit(ports);
  const onItsWay = lastTicket(ports).deliveryId;
  let read = 0;
  const store = {
    ...ports.store,
    trailMs,
    claim: async (...asked: Parameters<typeof ports.store.claim>) => {
      const tickets = await ports.store.claim(...asked);
      read = tickets.tickets.length;
      return tickets;
    },
  };
  const claims = createClaims(
    { ...ports, store },
    (id) => id === onItsWay,
    () => assert.fail('it is known'),
    async () => {},
  );
  ports.clock.advance(10);
  await claims.read([0]);
  assert.equal(read, 1);
  ports.clock.advance(10);
  await claims.read([0]);
  return read;
}

test('what is on its way is read again for as long as something due before it may become visible', async () => {
  assert.equal(await readAgain(2000), 1);
});

test('where what is due is visible at once, what is on its way is read once', async () => {
  assert.equal(await readAgain(0), 0);
});

test('what is settled during a claim comes back as what it is since, and not as what it was', async () => {
  for (const isSettledFirst of [true, false]) {
    const ports = fakePorts();
    await subscribe(ports);
    await emit(ports);
    const ticket = lastTicket(ports);
    ports.clock.advance(10);
    const settle = async () => {
      const next = { kind: 'retry', delayMs: 0 } as const;
      const [outcome] = await ports.store.settle({ settlements: [{ ticket, attempt: null, next }], health: new Map() });
      assert.ok(outcome?.kind === 'settled');
      return outcome.ticket;
    };
    const taken: Ticket[] = [];
    let open: Ticket | null = null;
    const claim: typeof ports.store.claim = async (...asked) => {
      if (isSettledFirst) open = await settle();
      const read = await ports.store.claim(...asked);
      open ??= await settle();
      // Whoever settled hears of it while the claim is under way.
      claims.settled(ticket.deliveryId, open);
      return read;
    };
    const claims = createClaims(
      { ...ports, store: { ...ports.store, trailMs: 0, claim } },
      () => false,
      (item) => taken.push(item.ticket),
      async () => {},
    );
    await claims.read([0]);
    assert.deepEqual(taken, isSettledFirst ? [open] : []);
  }
});

test('of a shard that left while it was claimed nothing is taken, even if it is back', async () => {
  for (const isBack of [false, true]) {
    const ports = fakePorts();
    await subscribe(ports);
    await emit(ports);
    ports.clock.advance(10);
    const taken: string[] = [];
    const lease = { shard: 0, epoch: 1, leaseUntilMs: 0, taken: 'clean' } as const;
    let meanwhile = () => {
      claims.left(new Set([0]));
      if (isBack) claims.taken(lease);
    };
    const claims = createClaims(
      ports,
      () => false,
      ({ ticket }) => taken.push(ticket.deliveryId),
      async () => meanwhile(),
    );
    claims.taken(lease);
    await claims.read([0]);
    assert.deepEqual(taken, []);
    meanwhile = () => {};
    await claims.read([0]);
    assert.equal(taken.length, 1);
  }
});

test('what was dropped is read again as soon as everything is looked at anew', async () => {
  const ports = fakePorts();
  await subscribe(ports);
  await emit(ports);
  let read = 0;
  const claims = createClaims(
    ports,
    () => false,
    () => read++,
    async () => {},
  );
  await claims.read([0]);
  ports.clock.advance(5000);
  await claims.read([0]);
  const before = read;
  ports.clock.advance(5000);
  await claims.read([0]);
  assert.equal(read, before);
  claims.lookAgain();
  await claims.read([0]);
  assert.equal(read, before + 1);
});
