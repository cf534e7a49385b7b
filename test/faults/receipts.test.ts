import assert from 'node:assert/strict';
import { test } from 'node:test';
import { injectReceiptKills, type ReceiptFault } from './receipts.ts';

const SHORT: readonly Omit<ReceiptFault, 'seed' | 'say'>[] = [
  { store: 'sqlite', posts: 60, kills: 3, taskKills: 2, databaseKills: 0, taskMs: 1500 },
  { store: 'postgres', posts: 40, kills: 2, taskKills: 2, databaseKills: 1, taskMs: 800 },
];

for (const short of SHORT) {
  test(`on ${short.store}, kill -9 between a receipt and its answer, and during the task that follows, loses nothing and does nothing twice`, async (t) => {
    const seed = Math.trunc(performance.timeOrigin) % 1_000_000;
    const say = (line: string) => t.diagnostic(line);
    const { broken, figures } = await injectReceiptKills({ ...short, seed, say });
    for (const [name, figure] of Object.entries(figures)) say(`${name}: ${figure}`);
    assert.deepEqual(broken, []);
    assert.equal(figures['held by the paused source'], short.posts);
    assert.ok((figures['answers that never came'] ?? 0) >= short.kills);
  });
}
