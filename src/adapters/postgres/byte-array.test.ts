import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Client } from 'pg';
import { testServers } from '../../../test/support/postgres.ts';
import { byteArray, isByteArray } from './byte-array.ts';
import { sessionOn } from './session.ts';
import { RECEIVED, sent } from './values.ts';

const servers = testServers();

test('an array is one of bytes when there are bytes in it', () => {
  assert.equal(isByteArray([null, new Uint8Array(1)]), true);
  for (const other of [[], [null], ['text', null], new Uint8Array(1), 'text']) assert.equal(isByteArray(other), false);
});

test('the form is the one of the server: dimensions, nulls, type, length, first index, then each with its length', () => {
  const digits = byteArray([null, new Uint8Array([7, 8])]).toString('hex');
  assert.equal(
    digits,
    ['00000001', '00000001', '00000011', '00000002', '00000001', 'ffffffff', '00000002', '0708'].join(''),
  );
});

test('bytes are copied, so that changing them later changes nothing', () => {
  const item = new Uint8Array([1, 2, 3]);
  const array = byteArray([item]);
  item.fill(9);
  assert.deepEqual([...array.subarray(-3)], [1, 2, 3]);
});

test('values are compressed with lz4 where the server was built with it', async () => {
  for (const server of servers) {
    const url = await server.schema();
    const client = new Client({ connectionString: url });
    await client.connect();
    await sessionOn(client, () => 0).run('open_connection', { statement_ms: 0, idle_in_transaction_ms: 0 });
    const { rows } = await client.query(
      "select setting = case when 'lz4' = any(enumvals) then 'lz4' else boot_val end as chosen from pg_settings where name = 'default_toast_compression'",
    );
    assert.deepEqual(rows, [{ chosen: true }]);
    await client.end();
    await server.drop(url);
  }
});

test('what the server gets is what was sent, in its order, empty and null ones too', async () => {
  for (const server of servers) {
    const url = await server.schema();
    const client = new Client({ connectionString: url, types: RECEIVED });
    await client.connect();
    const item = fc.option(fc.uint8Array({ maxLength: 300 }), { freq: 4 });
    const echo = fc.asyncProperty(fc.array(item, { maxLength: 20 }), async (items) => {
      const { rows } = await client.query<{ item: Uint8Array | null }>(
        'select item from unnest($1::bytea[]) with ordinality as i(item, at) order by at',
        [sent(items)],
      );
      assert.deepEqual(
        rows.map((row) => row.item && [...row.item]),
        items.map((bytes) => bytes && [...bytes]),
      );
    });
    await fc.assert(echo, { numRuns: 100 });
    await client.end();
    await server.drop(url);
  }
});
