import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionOn, arrival, awaitBody, emptyLoad, enter, hold, type Load, leave, type Stay, seat } from './load.ts';

const MEBIBYTE = 1024 * 1024;
const ID = '01900000-0000-7000-8000-00000000a0a0';
const BODY = { kind: 'bytes' };

function loadOf(limits: Partial<Pick<Load, 'maxInFlight' | 'maxBytes'>> = {}): Load {
  return emptyLoad({ maxInFlight: 8, maxBytes: 1000, ...limits });
}

/** A request of a party that was let in; null if it was refused. */
function come(load: Load, party: string, route = '/api/v1/events'): Stay | null {
  const stay = arrival(route, 'POST', ID);
  if (enter(load, stay) && seat(load, stay, party) === null) return stay;
  leave(load, stay);
  return null;
}

function comers(load: Load, party: string, count: number): Stay[] {
  return Array.from({ length: count }, () => come(load, party)).filter((stay) => stay !== null);
}

test('one party gets half of the places, and what others leave free stays for others', () => {
  const load = loadOf();
  const own = comers(load, 'a', 20);
  assert.deepEqual([own.length, load.inFlight], [4, 4]);
  assert.equal(comers(load, 'b', 20).length, 4);
  assert.equal(come(load, 'c'), null);
  for (const stay of own.splice(0, 2)) leave(load, stay);
  assert.equal(comers(load, 'c', 20).length, 2);
  assert.equal(load.inFlight, 8);
});

test('a refused request takes nothing, and what all took is given back', () => {
  const load = loadOf();
  const stays = [...comers(load, 'a', 9), ...comers(load, 'b', 9)];
  for (const stay of stays) assert.equal(hold(load, stay, 7), null);
  assert.equal(load.bytes, 56);
  for (const stay of stays) leave(load, stay);
  assert.deepEqual([load.inFlight, load.bytes], [0, 0]);
  assert.deepEqual(
    [...load.parties.values()].map(({ stays: here, inFlight, bytes }) => [here, inFlight, bytes]),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  );
});

test('probes take no place and find one always', () => {
  const load = loadOf({ maxInFlight: 0 });
  assert.ok(come(load, 'a', '/healthz'));
  assert.equal(come(load, 'a', '/api/v1/events'), null);
  assert.equal(load.inFlight, 0);
});

test('a request takes no place while its body is read, and takes one again after it', async () => {
  const load = loadOf({ maxInFlight: 3 });
  const [stay] = comers(load, 'a', 1);
  assert.ok(stay);
  const seen: unknown[] = [];
  const read = await awaitBody(load, stay, async () => {
    seen.push(load.inFlight, stay.party?.inFlight);
    return BODY;
  });
  assert.deepEqual([read, seen, load.inFlight, stay.party?.inFlight], [BODY, [0, 0], 1, 1]);
});

test('a body that comes when others have taken its place is turned away', async () => {
  for (const [maxInFlight, detail] of [
    [2, /as many requests/i],
    [4, /share/],
  ] as const) {
    const load = loadOf({ maxInFlight });
    const [stay] = comers(load, 'a', 1);
    assert.ok(stay);
    const filling = (body: { kind: string }) => async () => {
      for (let n = 0; n < 2; n++) come(load, n === 0 || maxInFlight === 4 ? 'a' : 'b');
      return body;
    };
    const refused = await awaitBody(load, stay, filling(BODY));
    assert.ok('code' in refused && refused.code === 'overloaded' && refused.retryAfterSeconds === 1);
    assert.match(refused.detail ?? '', detail);
    // What is refused anyway says why.
    assert.deepEqual(await awaitBody(load, stay, filling({ kind: 'problem' })), { kind: 'problem' });
  }
});

test('reading that fails leaves the count as it was', async () => {
  const load = loadOf();
  const [stay] = comers(load, 'a', 1);
  assert.ok(stay);
  await assert.rejects(awaitBody(load, stay, () => Promise.reject(new Error('broken'))));
  assert.equal(load.inFlight, 1);
});

test('bodies are taken up to the limit of all and not beyond', () => {
  const load = loadOf({ maxBytes: 100 });
  const [first, second] = [...comers(load, 'a', 1), ...comers(load, 'b', 1)];
  assert.ok(first && second);
  assert.equal(hold(load, first, 60), null);
  assert.equal(hold(load, second, 41)?.code, 'overloaded');
  assert.equal(hold(load, second, 40), null);
  assert.equal(load.bytes, 100);
  leave(load, first);
  assert.equal(hold(load, second, 60), null);
});

test('a single body of the size of the limit gets through; a party with many of them gets half', () => {
  const load = loadOf({ maxBytes: 100 });
  const [lone] = comers(load, 'a', 1);
  assert.ok(lone);
  for (let n = 0; n < 10; n++) assert.equal(hold(load, lone, 10), null);
  leave(load, lone);
  const many = comers(load, 'a', 4);
  for (let n = 0; n < 4; n++) for (const stay of many) hold(load, stay, 10);
  assert.equal(load.bytes, 60);
  const [other] = comers(load, 'b', 1);
  assert.ok(other);
  assert.equal(hold(load, other, 40), null);
});

test('parties that are gone are forgotten once they are many', () => {
  const load = loadOf();
  for (let n = 0; n < 5000; n++) {
    const [stay] = comers(load, `tenant ${n}`, 1);
    assert.ok(stay);
    leave(load, stay);
  }
  assert.ok(load.parties.size <= 1000, `${load.parties.size}`);
});

test('a small machine takes less: a quarter of its memory, and connections that leave files for what goes out', () => {
  const cases: [memoryBytes: number, openFiles: number | null, bytes: number, connections: number][] = [
    [64 * 1024 * MEBIBYTE, 1_048_576, 256 * MEBIBYTE, 10_000],
    [64 * 1024 * MEBIBYTE, null, 256 * MEBIBYTE, 10_000],
    [512 * MEBIBYTE, 8192, 128 * MEBIBYTE, 5120],
    [512 * MEBIBYTE, 1024, 128 * MEBIBYTE, 512],
    [512 * MEBIBYTE, 64, 128 * MEBIBYTE, 32],
  ];
  for (const [memoryBytes, openFiles, maxRequestBytes, maxConnections] of cases) {
    assert.deepEqual(admissionOn({ memoryBytes, openFiles }), { maxRequestBytes, maxConnections });
  }
});
