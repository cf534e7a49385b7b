import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { credentialFault, hasReferences, secretFault, withReferred } from './credential.ts';
import type { Auth, SubscriptionConfig } from './subscription.ts';
import { completeSubscription } from './subscription-input.ts';

function configOf(auth: Auth): SubscriptionConfig {
  const made = completeSubscription({ name: 'one', url: 'https://r.example/' }, () => 'whsec_AAAA');
  assert.ok(made.kind === 'config');
  return { ...made.config, auth };
}

describe('a credential that stands elsewhere', () => {
  const cases: [string, Auth, string, Auth][] = [
    ['is the token', { type: 'bearer', token: '' }, 't', { type: 'bearer', token: 't' }],
    [
      'is the value of the header',
      { type: 'header', name: 'X-Key', value: '' },
      'v',
      { type: 'header', name: 'X-Key', value: 'v' },
    ],
    [
      'is the password',
      { type: 'basic', username: 'ada', password: '' },
      'a:b',
      { type: 'basic', username: 'ada', password: 'a:b' },
    ],
    [
      'is user and password',
      { type: 'basic', username: '', password: '' },
      'ada:a:b',
      { type: 'basic', username: 'ada', password: 'a:b' },
    ],
    [
      'is a user without password',
      { type: 'basic', username: '', password: '' },
      'ada',
      { type: 'basic', username: 'ada', password: '' },
    ],
    ['has no place', { type: 'signature' }, 't', { type: 'signature' }],
    ['has no place', { type: 'none' }, 't', { type: 'none' }],
  ];
  for (const [name, auth, credential, expected] of cases) {
    it(`${name} with ${auth.type}`, () => {
      assert.deepEqual(withReferred(configOf(auth), { credential, secret: null }).auth, expected);
    });
  }

  it('that no header can carry is refused without being told', () => {
    for (const value of ['a\nb', 'a\r\nX-Other: b', 'ä', '\u0000']) {
      const fault = credentialFault({ type: 'bearer', token: '' }, value);
      assert.ok(fault !== null && !fault.includes(value));
      assert.ok(credentialFault({ type: 'header', name: 'X-Key', value: '' }, value));
      assert.equal(credentialFault({ type: 'basic', username: 'ada', password: '' }, value), null);
    }
    assert.equal(credentialFault({ type: 'bearer', token: '' }, 'abc.def'), null);
  });
});

describe('a signing secret that stands elsewhere', () => {
  it('is the only one', () => {
    const config = { ...configOf({ type: 'signature' }), signatureSecrets: ['stored'] };
    assert.deepEqual(withReferred(config, { credential: null, secret: 's' }).signatureSecrets, ['s']);
    assert.deepEqual(withReferred(config, { credential: 'c', secret: null }).signatureSecrets, ['stored']);
  });

  it('has to be a key', () => {
    assert.match(secretFault('whsec_', 'stella') ?? '', /An empty key/);
    assert.equal(secretFault('whsec_AAAA', 'standard'), null);
    assert.equal(secretFault('hush', 'standard'), null);
  });

  it('has to be one that receivers can load, where nothing else signs', () => {
    const fault = secretFault('whsec_not-base64!', 'standard');
    assert.ok(fault !== null && !fault.includes('not-base64'));
    assert.equal(secretFault('whsec_not-base64!', 'stella'), null);
  });
});

describe('a configuration', () => {
  it('has references when it names one', () => {
    const config = configOf({ type: 'none' });
    assert.equal(hasReferences(config), false);
    assert.equal(hasReferences({ ...config, credentialRef: 'env:A' }), true);
    assert.equal(hasReferences({ ...config, secretRef: 'env:A' }), true);
  });
});
