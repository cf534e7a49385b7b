import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeAddress } from './judge.ts';
import type { AddressPolicy } from './policy.ts';

const CLOSED: AddressPolicy = { allowHttp: false, allowHosts: [], allowCidrs: [], ownAddresses: [], ownNames: [] };

function ruleOf(text: string, policy: Partial<AddressPolicy> = {}): string {
  const judgement = judgeAddress(text, { ...CLOSED, ...policy });
  return judgement.kind === 'refused' ? judgement.refusal.rule : 'allowed';
}

test('an address alone is judged and told in its one spelling', () => {
  assert.deepEqual(judgeAddress('2620:FE:0::9', CLOSED), { kind: 'allowed', address: '2620:fe::9' });
  assert.equal(ruleOf('::1'), 'special_address');
});

test('text that is no address is refused', () => {
  for (const text of ['nonsense', '', 'fe80::1%eth0']) assert.equal(ruleOf(text), 'malformed', text);
});

test('an address of this machine is refused in any spelling, unless its network is allowed', () => {
  const policy = { ownAddresses: ['9.9.9.9', '2620:fe::9'] };
  for (const text of ['9.9.9.9', '::ffff:9.9.9.9', '2620:FE:0::9'])
    assert.equal(ruleOf(text, policy), 'own_address', text);
  assert.equal(ruleOf('9.9.9.9', { ...policy, allowCidrs: ['9.9.9.0/24'] }), 'allowed');
});
