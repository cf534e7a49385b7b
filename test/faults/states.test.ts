import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killIn, STATES } from './states.ts';

const short = STATES.filter((state) => state.short);

test('kill -9 in many states at once keeps every promise', async (t) => {
  for (const { name, readyMs, broken } of await killIn(short.filter(({ shares }) => shares))) {
    await t.test(name, (each) => {
      each.diagnostic(`ready again after ${readyMs} ms`);
      assert.equal(broken, null);
    });
  }
});

for (const state of short.filter(({ shares }) => !shares)) {
  test(`kill -9 keeps every promise: ${state.name}`, async () => {
    for (const { broken } of await killIn([state])) assert.equal(broken, null);
  });
}
