import assert from 'node:assert/strict';
import { test } from 'node:test';
import { injectReceiptKills } from './receipts.ts';

test('kill -9 between a receipt and its answer, and during the task that follows, loses nothing and does nothing twice', async (t) => {
  const seed = Math.trunc(performance.timeOrigin) % 1_000_000;
  const say = (line: string) => t.diagnostic(line);
  const { broken, figures } = await injectReceiptKills({ posts: 60, kills: 3, taskKills: 2, taskMs: 1500, seed, say });
  for (const [name, figure] of Object.entries(figures)) say(`${name}: ${figure}`);
  assert.deepEqual(broken, []);
  assert.equal(figures['held by the paused source'], 60);
  assert.ok((figures['answers that never came'] ?? 0) >= 3);
});
