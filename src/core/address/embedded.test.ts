import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedIpv4 } from './embedded.ts';
import { ipText, readIp } from './ip.ts';

function inside(address: string): string[] {
  return embeddedIpv4(readIp(address) ?? assert.fail(address)).map(ipText);
}

test('the IPv4 address is found in every form that carries one', () => {
  const forms = {
    compatible: '::192.168.7.9',
    translated: '::ffff:0:192.168.7.9',
    nat64: '64:ff9b::192.168.7.9',
    localNat64: '64:ff9b:1:c0a8:7:900::',
    localNat64Behind96: '64:ff9b:1::192.168.7.9',
    sixToFour: '2002:c0a8:709::1',
    teredo: '2001:0:1:2:3:4:3f57:f8f6',
    isatap: '2a00:1450::5efe:192.168.7.9',
  };
  for (const [form, address] of Object.entries(forms)) assert.deepEqual(inside(address), ['192.168.7.9'], form);
});

test('an ordinary address carries none', () => {
  assert.deepEqual(inside('2606:4700::1'), []);
  assert.deepEqual(inside('192.168.7.9'), []);
});
