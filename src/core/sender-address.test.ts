import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalAddress, type Networks, readNetworks } from './address.ts';
import { senderAddress, type Way } from './sender-address.ts';

function trusted(...texts: string[]): Networks {
  const read = readNetworks(texts);
  return read.kind === 'networks' ? read.networks : assert.fail(JSON.stringify(read));
}

const PROXIES = trusted('10.0.0.0/8', 'fd00::/8');
const PROXY = '10.0.0.1';
const way = (more: Partial<Way>): Way => ({ peer: PROXY, forwardedFor: [], forwarded: [], ...more });
const told = (more: Partial<Way>) => senderAddress(way(more), PROXIES);

describe('without a trusted proxy', () => {
  test('the sender is the peer, whatever headers say', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.array(fc.string()), fc.array(fc.string()), (peer, forwardedFor, forwarded) => {
        assert.equal(senderAddress({ peer, forwardedFor, forwarded }, []), peer);
      }),
      { numRuns: 200 },
    );
  });

  test('an address has one spelling, and no zone', () => {
    assert.equal(told({ peer: '::ffff:198.51.100.7' }), '198.51.100.7');
    assert.equal(told({ peer: 'fe80::1%eth0' }), 'fe80::1');
    assert.equal(told({ peer: null }), null);
  });
});

describe('behind trusted proxies', () => {
  const rows: readonly [why: string, headers: Partial<Way>, address: string | null][] = [
    ['nothing was forwarded: the proxy itself', {}, PROXY],
    ['one address', { forwardedFor: ['198.51.100.7'] }, '198.51.100.7'],
    ['what the sender wrote stands further left', { forwardedFor: ['1.1.1.1, 198.51.100.7'] }, '198.51.100.7'],
    ['over two proxies', { forwardedFor: ['1.1.1.1, 198.51.100.7, 10.9.9.9'] }, '198.51.100.7'],
    ['in two headers, which are one list', { forwardedFor: ['198.51.100.7', '10.9.9.9'] }, '198.51.100.7'],
    ['all of them trusted: the first', { forwardedFor: ['10.0.0.7, 10.9.9.9'] }, '10.0.0.7'],
    ['with a port', { forwardedFor: ['198.51.100.7:4711'] }, '198.51.100.7'],
    ['IPv6', { forwardedFor: ['2001:DB8::7'] }, '2001:db8::7'],
    ['IPv6 with a port', { forwardedFor: ['[2001:db8::7]:4711'] }, '2001:db8::7'],
    ['no address', { forwardedFor: ['1.1.1.1, unknown'] }, null],
    ['nothing', { forwardedFor: [''] }, null],
    ['no address, left of what counts', { forwardedFor: ['unknown, 198.51.100.7'] }, '198.51.100.7'],
    ['RFC 7239', { forwarded: ['for=198.51.100.7'] }, '198.51.100.7'],
    ['with everything', { forwarded: ['For="[2001:db8::7]:1";proto=https;by=10.0.0.1'] }, '2001:db8::7'],
    ['over two proxies', { forwarded: ['for=1.1.1.1, for=198.51.100.7', 'for=10.1.1.1'] }, '198.51.100.7'],
    ['with a comma in quotes', { forwarded: ['for=198.51.100.7;host="a,for=1.1.1.1"'] }, '198.51.100.7'],
    ['an obfuscated name', { forwarded: ['for=_hidden'] }, null],
    ['an element without it', { forwarded: ['proto=https'] }, null],
    ['twice in one element', { forwarded: ['for=198.51.100.7;for=1.1.1.1'] }, null],
    ['a quote that the sender left open', { forwarded: ['for="1.1.1.1', 'for=198.51.100.7'] }, null],
    ['both headers, of one mind', { forwardedFor: ['198.51.100.7'], forwarded: ['for=198.51.100.7'] }, '198.51.100.7'],
    ['both headers, one of them forged', { forwardedFor: ['198.51.100.7'], forwarded: ['for=1.1.1.1'] }, null],
  ];
  for (const [why, headers, address] of rows) {
    test(`${why}: ${JSON.stringify(headers)} is ${address}`, () => {
      assert.equal(told(headers), address);
    });
  }

  test('what a sender writes never passes for the address that the nearest proxy saw', () => {
    const real = '198.51.100.7';
    const forged = fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constant('for="x'), fc.constant(PROXY)));
    fc.assert(
      fc.property(forged, forged, fc.boolean(), (one, other, rfc) => {
        const headers = rfc
          ? { forwarded: [...one, `for=${real}`], forwardedFor: other }
          : { forwardedFor: [...one, real], forwarded: other };
        const address = told(headers);
        assert.ok(address === real || address === null, `${address}`);
        if (other.length === 0 && !rfc) assert.equal(address, real);
      }),
      { numRuns: 300 },
    );
  });

  test('any headers give an address in its one spelling, or none', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.string()), (forwardedFor, forwarded) => {
        const address = told({ forwardedFor, forwarded });
        assert.ok(address === null || canonicalAddress(address) === address);
      }),
      { numRuns: 300 },
    );
  });
});
