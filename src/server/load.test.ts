import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadBytes } from './body.ts';
import { endedEarly } from './body.ts';
import { type Load, OVERLOADED, readUncounted } from './load.ts';

const BODY: ReadBytes = { kind: 'bytes', bytes: new Uint8Array(1) };

test('a request is not counted while its body is read, and is counted again after it', async () => {
  const load: Load = { inFlight: 3, maxInFlight: 3 };
  const seen: number[] = [];
  const read = await readUncounted(load, async () => {
    seen.push(load.inFlight);
    return BODY;
  });
  assert.deepEqual([read, seen, load.inFlight], [BODY, [2], 3]);
});

test('a body that comes when others have taken its place is turned away', async () => {
  const load: Load = { inFlight: 1, maxInFlight: 1 };
  const filling = (body: ReadBytes) => async () => {
    load.inFlight = 1;
    return body;
  };
  assert.deepEqual(await readUncounted(load, filling(BODY)), OVERLOADED);
  assert.equal(load.inFlight, 2);
  // What is refused anyway says why.
  assert.deepEqual(await readUncounted(load, filling(endedEarly())), endedEarly());
});

test('reading that fails leaves the count as it was', async () => {
  const load: Load = { inFlight: 1, maxInFlight: 1 };
  await assert.rejects(readUncounted(load, () => Promise.reject(new Error('broken'))));
  assert.equal(load.inFlight, 1);
});
