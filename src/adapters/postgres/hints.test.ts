import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../test/support/eventually.ts';
import { idAt } from '../../core/ids.ts';
import type { Hint } from '../../ports/store.ts';
import { hintOf, telling } from './hints.ts';

const anId = (at: number) => idAt(at, new Uint8Array(16));

/** A message that ends when it is told to. */
function heldMessages() {
  const sent: { payloads: readonly string[]; end: PromiseWithResolvers<void> }[] = [];
  const send = (payloads: readonly string[]) => {
    const end = Promise.withResolvers<void>();
    sent.push({ payloads, end });
    return end.promise;
  };
  const nth = (n: number) => eventually(`message ${n}`, () => sent[n - 1]);
  return { sent, send, nth };
}

test('what is told in one turn goes out in one message, each thing once', async () => {
  const { sent, send, nth } = heldMessages();
  const { tell } = telling(send);
  tell({ kind: 'work', shards: [7, 3] });
  tell({ kind: 'closed', deliveryIds: [anId(1)] });
  tell({ kind: 'work', shards: [3, 9] });
  const { payloads } = await nth(1);
  assert.deepEqual(payloads.map(hintOf), [
    { kind: 'work', shards: [7, 3, 9] },
    { kind: 'closed', deliveryIds: [anId(1)] },
  ]);
  assert.equal(sent.length, 1);
});

test('what is told while a message is on its way goes with the next one, also when that one fails', async () => {
  const { sent, send, nth } = heldMessages();
  const { tell } = telling(send);
  tell({ kind: 'work', shards: [1] });
  const first = await nth(1);
  tell({ kind: 'work', shards: [2] });
  tell({ kind: 'work', shards: [3] });
  assert.equal(sent.length, 1);
  first.end.reject(new Error('the database is away'));
  assert.deepEqual((await nth(2)).payloads.map(hintOf), [{ kind: 'work', shards: [2, 3] }]);
});

test('no payload is longer than PostgreSQL takes, and all ids are in one of them', async () => {
  const { send, nth } = heldMessages();
  const { tell } = telling(send);
  const deliveryIds = Array.from({ length: 1_001 }, (_, at) => anId(at));
  const shards = Array.from({ length: 256 }, (_, at) => at);
  tell({ kind: 'closed', deliveryIds });
  tell({ kind: 'work', shards });
  const { payloads } = await nth(1);
  for (const payload of payloads) assert.ok(Buffer.byteLength(payload) < 8000);
  const hints = payloads.map(hintOf);
  assert.deepEqual(
    hints.flatMap((hint) => (hint?.kind === 'closed' ? hint.deliveryIds : [])),
    deliveryIds,
  );
  assert.deepEqual(
    hints.flatMap((hint) => (hint?.kind === 'work' ? hint.shards : [])),
    shards,
  );
});

test('what waits while the database is away does not grow without end', async () => {
  const { send, nth } = heldMessages();
  const { tell } = telling(send);
  tell({ kind: 'work', shards: [1] });
  const first = await nth(1);
  for (let at = 0; at < 12_000; at++) tell({ kind: 'closed', deliveryIds: [anId(at)] });
  first.end.resolve();
  const { payloads } = await nth(2);
  const ids = payloads.map(hintOf).flatMap((hint) => (hint?.kind === 'closed' ? hint.deliveryIds : []));
  assert.equal(ids.length, 10_000);
});

test('what was closed is told again after a failure, as no poll finds it, and with it no more than may wait', async () => {
  const { sent, send, nth } = heldMessages();
  const { tell } = telling(send);
  tell({ kind: 'work', shards: [1] });
  tell({ kind: 'closed', deliveryIds: [anId(1), anId(2)] });
  const first = await nth(1);
  for (let at = 10_001; at < 20_000; at++) tell({ kind: 'closed', deliveryIds: [anId(at)] });
  first.end.reject(new Error('the database is away'));
  const second = await nth(2);
  const told = second.payloads.map(hintOf);
  const ids = told.flatMap((hint) => (hint?.kind === 'closed' ? hint.deliveryIds : []));
  assert.deepEqual([ids.length, ids.at(-1)], [10_000, anId(1)]);
  assert.ok(told.every((hint) => hint?.kind === 'closed'));
  second.end.resolve();
  tell({ kind: 'work', shards: [2] });
  assert.deepEqual((await nth(3)).payloads.map(hintOf), [{ kind: 'work', shards: [2] }]);
  assert.equal(sent.length, 3);
});

test('one that stops sends what it was told, what failed included, once, and nothing that it is told afterwards', async () => {
  const { sent, send, nth } = heldMessages();
  const { tell, stop } = telling(send);
  tell({ kind: 'closed', deliveryIds: [anId(1)] });
  const first = await nth(1);
  tell({ kind: 'work', shards: [1] });
  const stopped = stop();
  tell({ kind: 'work', shards: [2] });
  first.end.reject(new Error('the database is away'));
  const second = await nth(2);
  assert.deepEqual(second.payloads.map(hintOf), [
    { kind: 'work', shards: [1] },
    { kind: 'closed', deliveryIds: [anId(1)] },
  ]);
  second.end.reject(new Error('the database is away'));
  await stopped;
  const idle = telling(send);
  await idle.stop();
  assert.equal(sent.length, 2);
});

test('a hint is read as it was written, and what is none is null', () => {
  const hints: readonly Hint[] = [
    { kind: 'work', shards: [0, 255] },
    { kind: 'configuration', tenants: [anId(5)] },
    { kind: 'closed', deliveryIds: [anId(6)] },
  ];
  for (const hint of hints) assert.deepEqual(hintOf(JSON.stringify(hint)), hint);
  const wrong = [
    '',
    'hello',
    'null',
    '7',
    '{}',
    '{"kind":"work"}',
    '{"kind":"work","shards":7}',
    '{"kind":"work","shards":["7"]}',
    '{"kind":"work","shards":[0.5]}',
    '{"kind":"closed","deliveryIds":["x"]}',
    '{"kind":"configuration","tenants":[null]}',
    '{"kind":"other","shards":[1]}',
  ];
  for (const payload of wrong) assert.equal(hintOf(payload), null, payload);
});
