import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readIp, readNetwork } from './ip.ts';
import { IPV4_RANGES, IPV6_RANGES, rangeOf } from './ranges.ts';

function cidrOf(address: string): string | null {
  return rangeOf(readIp(address) ?? assert.fail(address))?.cidr ?? null;
}

describe('special-purpose ranges', () => {
  test('each range of the table holds its own first address', () => {
    for (const { cidr } of [...IPV4_RANGES, ...IPV6_RANGES])
      assert.notEqual(cidrOf(cidr.replace(/\/.*/, '')), null, cidr);
  });

  test('each network is written once and without bits behind its prefix', () => {
    const cidrs = [...IPV4_RANGES, ...IPV6_RANGES].map(({ cidr }) => cidr);
    assert.equal(new Set(cidrs).size, cidrs.length);
    for (const cidr of cidrs) assert.notEqual(readNetwork(cidr), null, cidr);
  });

  test('both ends of a range are in it and their neighbours are not', () => {
    const edges = [
      ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0', '10.0.0.0/8'],
      ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0', '100.64.0.0/10'],
      ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0', '172.16.0.0/12'],
      ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0', '198.18.0.0/15'],
      ['2001:db7:ffff::', '2001:db8::', '2001:db8:ffff::ffff', '2001:db9::', '2001:db8::/32'],
      ['3ffe:ffff::', '3fff::', '3fff:fff:ffff::', '3fff:1000::', '3fff::/20'],
    ] as const;
    for (const [before, first, end, after, cidr] of edges) {
      assert.deepEqual([before, first, end, after].map(cidrOf), [null, cidr, cidr, null]);
    }
  });

  test('the narrow range names the address, not the wide one around it', () => {
    assert.equal(cidrOf('100.100.100.200'), '100.100.100.200/32');
    assert.equal(cidrOf('100.100.100.201'), '100.64.0.0/10');
    assert.equal(cidrOf('2001:0:1::1'), '2001::/32');
    assert.equal(cidrOf('2001:1ff::1'), '2001::/23');
    assert.equal(cidrOf('fd00:ec2::254'), 'fd00:ec2::/32');
    assert.equal(cidrOf('fd00:ec3::254'), 'fc00::/7');
  });

  test('IPv6 outside 2000::/3 is refused even where no registry names it', () => {
    for (const address of ['1234::1', '4000::', 'e000::1', '64:ff9c::1', '::1:0:0:0']) {
      assert.equal(cidrOf(address), '::/0 outside 2000::/3', address);
    }
  });

  test('ISATAP is known behind any prefix and with either universal bit', () => {
    assert.match(cidrOf('2a00:1450:4001::5efe:10.0.0.1') ?? '', /5efe/);
    assert.match(cidrOf('2a00:1450:4001:0:200:5efe:10.0.0.1') ?? '', /5efe/);
    assert.equal(cidrOf('2a00:1450:4001:0:1:5efe:10.0.0.1'), null);
  });

  test('an IPv6 address without a range is in 2000::/3', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const ip = readIp(address) ?? assert.fail(address);
        if ('parts' in ip && rangeOf(ip) === null) assert.equal((ip.parts[0] ?? 0) >> 13, 1);
      }),
      { numRuns: 300 },
    );
  });
});
