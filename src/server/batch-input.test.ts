import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBatch } from './batch-input.ts';

const MEBIBYTE = 1_048_576;
const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 0]));

test('an event of a batch that holds too many members or values is refused alone, with its place', async () => {
  const data = [1, members(50_000), members(49_998), Array(250_001).fill(0), Array(249_000).fill(0)];
  const body = JSON.stringify({ events: data.map((one) => ({ type: 'a', data: one })) });
  const batch = await readBatch(new TextEncoder().encode(body), MEBIBYTE, () => null);
  assert.ok(batch.kind === 'batch');
  assert.deepEqual(
    batch.items.map((item) => (item.kind === 'problem' ? [item.code, item.errors?.[0]?.pointer] : 'taken')),
    ['taken', ['json_too_many', '/events/1/data'], 'taken', ['json_too_many', '/events/3/data'], 'taken'],
  );
});

test('each event of a batch is read on its own, and others get their turn between them', async () => {
  const body = new TextEncoder().encode('{"events":[{"type":"a","data":1},{"type":"b","data":2}]}');
  const breaks: string[] = [];
  const batch = await readBatch(body, MEBIBYTE, () => {
    breaks.push('due');
    // One for each place that was found, then one behind the first event: the second is not parsed yet.
    if (breaks.length === 3) body[body.lastIndexOf('2'.charCodeAt(0))] = ':'.charCodeAt(0);
    return null;
  });
  assert.deepEqual([batch.kind, batch.kind === 'problem' && batch.code, breaks.length], ['problem', 'invalid_json', 3]);
});

test('what holds too much beside its events is refused before it is parsed', async () => {
  const most = members(50_001);
  for (const body of [{ events: [{ type: 'a', data: 1 }], more: most }, { events: most }]) {
    const batch = await readBatch(new TextEncoder().encode(JSON.stringify(body)), MEBIBYTE, () => null);
    assert.equal(batch.kind === 'problem' && batch.code, 'json_too_many');
  }
});

test('what is too deep beside its events is pointed out where it stands in the body', async () => {
  const events = '{"events":[{"type":"a","data":1}],"more":';
  const body = `${events}${'['.repeat(80)}${']'.repeat(80)}}`;
  const batch = await readBatch(new TextEncoder().encode(body), MEBIBYTE, () => null);
  assert.ok(batch.kind === 'problem' && batch.code === 'json_too_deep');
  // The object around it is one level, and 66 may be.
  assert.match(batch.detail ?? '', new RegExp(`\\(byte ${events.length + 65}\\)`));
});
