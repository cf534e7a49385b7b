import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idAt } from '../core/ids.ts';
import { createLines } from './line.ts';

const [ONE, OTHER] = [idAt(1, new Uint8Array(16)), idAt(2, new Uint8Array(16))];

test('what waits for one object goes one after the other, also behind what failed, and holds up no other object', async () => {
  const inLine = createLines();
  const done: string[] = [];
  const held = Promise.withResolvers<void>();
  const first = inLine(ONE, async () => {
    await held.promise;
    throw new Error('first');
  });
  const second = inLine(ONE, async () => done.push('second'));
  await inLine(OTHER, async () => done.push('other'));
  assert.deepEqual(done, ['other']);
  held.resolve();
  await assert.rejects(first, /first/);
  assert.equal(await second, 2);
  assert.equal(await inLine(ONE, async () => 'later'), 'later');
});
