import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isAmong, type Networks, readNetworks } from './networks.ts';

function networks(...texts: string[]): Networks {
  const read = readNetworks(texts);
  return read.kind === 'networks' ? read.networks : assert.fail(JSON.stringify(read));
}

test('a list of addresses and networks has one spelling, each entry once', () => {
  const read = readNetworks([
    '203.0.113.7',
    '10.0.0.0/8',
    '203.0.113.7/32',
    '::FFFF:10.0.0.0/104',
    'FD12:0::/32',
    '::1',
  ]);
  assert.deepEqual(read.kind === 'networks' && read.entries, ['203.0.113.7', '10.0.0.0/8', 'fd12::/32', '::1']);
  assert.deepEqual(readNetworks([]), { kind: 'networks', networks: [], entries: [] });
});

test('every entry that is none is named by its place, with what to write', () => {
  const read = readNetworks(['10.0.0.0/8', 'localhost', '10.1.0.0/8', '10.0.0.0/33']);
  assert.ok(read.kind === 'refused');
  assert.deepEqual(
    read.faults.map(({ at }) => at),
    [1, 2, 3],
  );
  assert.match(read.faults[1]?.message ?? '', /write 10\.0\.0\.0\/8\./);
});

test('an address lies in what the list names, whatever way it is spelled, and nowhere else', () => {
  const list = networks('10.0.0.0/8', 'fd12::/32');
  for (const inside of ['10.255.0.1', '::ffff:10.0.0.1', 'fd12::1', 'FD12:0:0::1']) assert.ok(isAmong(list, inside));
  for (const outside of ['11.0.0.1', 'fd13::1', '::1', '::10.0.0.1', 'x', '', '010.0.0.1', null]) {
    assert.ok(!isAmong(list, outside), `${outside}`);
  }
});

test('no address lies in an empty list, and every one in the network of itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      assert.ok(!isAmong([], address));
      assert.ok(isAmong(networks(address), address));
    }),
    { numRuns: 200 },
  );
});
