import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress, isInside, networkText, readIp, readNetwork } from './ip.ts';

test('an address has one spelling', () => {
  const spellings = [
    ['192.0.2.1', '192.0.2.1'],
    ['2606:4700:0:0:0:0:0:1', '2606:4700::1'],
    ['2606:4700::00AB', '2606:4700::ab'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['::FFFF:c633:6407', '198.51.100.7'],
    ['::198.51.100.7', '::c633:6407'],
    ['64:ff9b::198.51.100.7', '64:ff9b::c633:6407'],
  ] as const;
  for (const [written, spelled] of spellings) assert.equal(canonicalAddress(written), spelled);
});

test('octal, hex, short, bracketed, scoped and padded forms are no addresses', () => {
  const malformed = [
    '',
    '010.0.0.1',
    '0x7f.0.0.1',
    '127.1',
    '2130706433',
    '[::1]',
    'fe80::1%eth0',
    ' 1.1.1.1',
    '1.1.1.256',
  ];
  for (const text of [
    ...malformed,
    '1.1.1.1.',
    '::ffff:010.1.1.1',
    '::1.1.1',
    '::1.1.1.256',
    '::1::',
    'localhost',
    '1.1.1.1/32',
    ':',
  ]) {
    assert.equal(readIp(text), null, text);
  }
});

test('every IPv4 address reads as itself, plain or mapped', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(canonicalAddress(address), address);
      assert.equal(canonicalAddress(`::ffff:${address}`), address);
    }),
    { numRuns: 200 },
  );
});

test('spelling an IPv6 address again changes nothing', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const spelled = canonicalAddress(address) ?? assert.fail(address);
      assert.equal(canonicalAddress(spelled), spelled);
    }),
    { numRuns: 200 },
  );
});

test('a network is told with its host bits cleared', () => {
  const networks = [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    ['203.0.113.255/25', '203.0.113.128/25'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['fd12:3456:789a::1/32', 'fd12:3456::/32'],
    ['::1', '::1/128'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ] as const;
  for (const [written, told] of networks) {
    assert.equal(networkText(readNetwork(written) ?? assert.fail(written)), told);
  }
});

test('malformed networks are refused', () => {
  for (const text of [
    '',
    '/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    '::ffff:10.0.0.0/8',
  ]) {
    assert.equal(readNetwork(text), null, text);
  }
});

test('an IPv4 address is never inside an IPv6 network, nor the other way round', () => {
  const everyIpv4 = readNetwork('0.0.0.0/0') ?? assert.fail();
  const everyIpv6 = readNetwork('::/0') ?? assert.fail();
  const ipv4 = readIp('9.9.9.9') ?? assert.fail();
  const ipv6 = readIp('2620:fe::9') ?? assert.fail();
  assert.deepEqual([isInside(ipv4, everyIpv4), isInside(ipv4, everyIpv6)], [true, false]);
  assert.deepEqual([isInside(ipv6, everyIpv4), isInside(ipv6, everyIpv6)], [false, true]);
});
