import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from '../../test/support/stepped-clock.ts';
import { createLargeBodies, LARGE_BODY_BYTES } from './large-bodies.ts';

const LIMITS = { bytes: 100, waitMs: 5000, waiting: 2, stayMs: 60_000 };

function open() {
  const clock = steppedClock();
  const bodies = createLargeBodies(clock, LIMITS);
  return { clock, bodies, room: bodies.of('192.0.2.1') };
}

/** What a promise has come to after all that could run has run. */
async function nowOf<Value>(promise: Promise<Value>): Promise<Value | 'waits'> {
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.race([promise, Promise.resolve('waits' as const)]);
}

test('large bodies get in while there is room, and the next one when somebody leaves', async () => {
  const { room } = open();
  const first = await room.enter(60);
  assert.ok(first !== null);
  assert.ok((await room.enter(40)) !== null);
  const third = room.enter(50);
  assert.equal(await nowOf(third), 'waits');
  first();
  assert.equal(typeof (await third), 'function');
});

test('one that is larger than all the room gets in alone', async () => {
  const { room } = open();
  const alone = await room.enter(500);
  assert.ok(alone !== null);
  const next = room.enter(1);
  assert.equal(await nowOf(next), 'waits');
  alone();
  assert.equal(typeof (await next), 'function');
});

test('of one sender nobody who came later overtakes those who wait', async () => {
  const { room } = open();
  const first = await room.enter(90);
  const large = room.enter(100);
  const small = room.enter(5);
  assert.equal(await nowOf(small), 'waits');
  first?.();
  const inside = await large;
  assert.equal(await nowOf(small), 'waits');
  inside?.();
  assert.equal(typeof (await small), 'function');
});

test('a sender of many waits for itself, and others have their turn; who has an address of IPv6 has its /64', async () => {
  const { bodies } = open();
  const order: string[] = [];
  const send = (name: string, address: string) => {
    const entered = bodies.of(address).enter(100);
    return entered.then((leave) => {
      order.push(leave === null ? `${name} away` : name);
      leave?.();
    });
  };
  const inside = await bodies.of('2001:db8::1').enter(100);
  const waiting = [send('a1', '2001:db8::1'), send('a2', '2001:db8::ffff:1'), send('b', '2001:db8:0:1::1')];
  await nowOf(Promise.resolve());
  inside?.();
  await Promise.all(waiting);
  assert.deepEqual(order, ['a2 away', 'a1', 'b']);
});

test('who waits too long is told so, and who finds too many waiting at once', async () => {
  const { room, clock } = open();
  const inside = await room.enter(100);
  const waiting = [room.enter(10), room.enter(10)];
  assert.equal(await room.enter(10), null);
  clock.advance(LIMITS.waitMs);
  assert.deepEqual(await Promise.all(waiting), [null, null]);
  inside?.();
  assert.equal(typeof (await room.enter(100)), 'function');
});

test('room that is given back twice counts once', async () => {
  const { room } = open();
  const first = await room.enter(60);
  const second = await room.enter(40);
  first?.();
  first?.();
  assert.equal(typeof (await room.enter(60)), 'function');
  const next = room.enter(1);
  assert.equal(await nowOf(next), 'waits');
  second?.();
  assert.equal(typeof (await next), 'function');
});

test('the collector is asked each time that 8 MiB were parsed; small bodies do not count', () => {
  let asked = 0;
  const room = createLargeBodies(steppedClock(), LIMITS, () => {
    asked += 1;
  }).of(null);
  for (let n = 0; n < 4; n++) room.parsed(5 * 1024 * 1024);
  assert.equal(asked, 2);
  for (let n = 0; n < 1000; n++) room.parsed(LARGE_BODY_BYTES);
  assert.equal(asked, 2);
});

test('a slow one goes on without its room, and gives none back later', async () => {
  const clock = steppedClock();
  const room = createLargeBodies(clock, { ...LIMITS, stayMs: 1000 }).of(null);
  const slow = await room.enter(100);
  const next = room.enter(100);
  clock.advance(999);
  assert.equal(await nowOf(next), 'waits');
  clock.advance(1);
  assert.equal(typeof (await next), 'function');
  slow?.();
  assert.equal(await nowOf(room.enter(1)), 'waits');
});
