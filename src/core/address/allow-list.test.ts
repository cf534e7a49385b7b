import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AllowList, parseAllowCidrs, parseAllowHosts } from './allow-list.ts';

function entries(list: AllowList): readonly string[] {
  return list.kind === 'list' ? list.entries : assert.fail(list.error);
}

function errorOf(list: AllowList): string {
  return list.kind === 'error' ? list.error : assert.fail(`taken: ${list.entries.join()}`);
}

describe('--allow-hosts', () => {
  test('takes hosts with and without a port in one spelling, each once', () => {
    const list = parseAllowHosts(
      'Localhost:3000, hooks.Internal., [FD12:0::1]:8443,bücher.example,127.1:80,localhost:3000,',
    );
    assert.deepEqual(entries(list), [
      'localhost:3000',
      'hooks.internal',
      '[fd12::1]:8443',
      'xn--bcher-kva.example',
      '127.0.0.1:80',
    ]);
  });

  test('keeps the port that is the default of https', () => {
    assert.deepEqual(entries(parseAllowHosts('hooks.internal:443')), ['hooks.internal:443']);
  });

  test('an empty text is an empty list', () => {
    assert.deepEqual(entries(parseAllowHosts(' ')), []);
  });

  test('refuses all but exact hosts and says how to write one', () => {
    const wrong = [
      '*.internal',
      'https://hooks.internal',
      'hooks.internal/path',
      'user@hooks',
      '::1',
      'h:0',
      'h:65536',
      'h:x',
      'a b',
      'a..b',
    ];
    for (const text of wrong) {
      const error = errorOf(parseAllowHosts(`good.internal,${text}`));
      assert.ok(error.includes(`"${text}"`) && error.includes('hooks.internal:8443'), error);
    }
  });

  test('refuses metadata and link-local hosts', () => {
    for (const text of [
      '169.254.169.254',
      'metadata.google.internal',
      '[fe80::1]:80',
      '[::ffff:a9fe:a9fe]',
      '168.63.129.16',
    ]) {
      assert.match(errorOf(parseAllowHosts(text)), /never opened/, text);
    }
  });
});

describe('--allow-cidrs', () => {
  test('takes networks and single addresses of both families', () => {
    const list = parseAllowCidrs('10.0.0.0/8, 192.168.1.7,fd12:3456::/32,::1, ::ffff:172.16.0.0/108');
    assert.deepEqual(entries(list), ['10.0.0.0/8', '192.168.1.7/32', 'fd12:3456::/32', '::1/128', '172.16.0.0/12']);
  });

  test('says what to write when bits stand behind the prefix', () => {
    assert.match(errorOf(parseAllowCidrs('10.1.0.0/8')), /write 10\.0\.0\.0\/8\.$/);
  });

  test('refuses names and malformed networks', () => {
    for (const text of ['localhost', '10.0.0.0/40', '10/8', 'fe80::1%eth0']) errorOf(parseAllowCidrs(text));
  });

  test('refuses a network inside metadata or link-local, not one around it', () => {
    for (const text of ['169.254.0.0/16', '169.254.169.254', 'fe80::/64', 'fd00:ec2::254']) {
      assert.match(errorOf(parseAllowCidrs(text)), /never opened/, text);
    }
    assert.deepEqual(entries(parseAllowCidrs('0.0.0.0/0,fc00::/7,168.0.0.0/6')), [
      '0.0.0.0/0',
      'fc00::/7',
      '168.0.0.0/6',
    ]);
  });
});
