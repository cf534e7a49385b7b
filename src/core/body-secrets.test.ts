import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { maskSecrets } from './body-secrets.ts';

const SECRET = 'p<s "wö" &+\\';

test('a short secret in a payload is hidden wherever it stands as a text, and nothing else is', () => {
  const body = JSON.stringify({ secret: SECRET, list: [SECRET, `${SECRET}!`, 'other'], [SECRET]: 1 });
  const { text, isMasked } = maskSecrets(body, ['unused', SECRET]);
  assert.equal(isMasked, true);
  assert.deepEqual(JSON.parse(text), {
    secret: '[redacted]',
    list: ['[redacted]', `${SECRET}!`, 'other'],
    '[redacted]': 1,
  });
});

test('a payload without a secret in it is shown as it came', () => {
  for (const body of ['{"a":"b"}', '{"a":"b', 'a "b', '', '"', '"\\', '%22%22']) {
    assert.deepEqual(maskSecrets(body, [SECRET]), { text: body, isMasked: false });
  }
  assert.deepEqual(maskSecrets('{"a":""}', ['']), { text: '{"a":""}', isMasked: false });
});

test('how a text is spelled does not matter: senders escape what they like', () => {
  const spelled = [...'hush'].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('');
  assert.equal(maskSecrets(`{"a": "${spelled}"}`, ['hush']).text, '{"a": "[redacted]"}');
  assert.equal(maskSecrets('{"a": "\\u003chush\\u003e"}', ['<hush>']).text, '{"a": "[redacted]"}');
});

test('a secret that is cut off at the end is hidden too, also in the middle of an escape', () => {
  for (const tail of ['h', 'hu', 'hus', 'hush', 'hu\\', 'hu\\u00']) {
    assert.equal(maskSecrets(`{"a": "${tail}`, ['hush']).text, '{"a": "[redacted]', tail);
  }
  assert.equal(maskSecrets('{"a": "hum', ['hush']).isMasked, false);
});

test('a secret in the payload of a form is hidden, encoded as it may be', () => {
  const payload = JSON.stringify({ secret: SECRET, ref: 'x' });
  for (const form of [`payload=${encodeURIComponent(payload)}`, String(new URLSearchParams({ payload }))]) {
    const { text, isMasked } = maskSecrets(form, [SECRET]);
    assert.equal(isMasked, true);
    assert.deepEqual(JSON.parse(new URLSearchParams(text).get('payload') ?? ''), { secret: '[redacted]', ref: 'x' });
  }
});

test('a secret in a form that is cut off inside it is hidden, wherever the cut is', () => {
  const secret = 'a hush/üÄ"';
  const form = `payload=${encodeURIComponent(JSON.stringify({ ref: 'hush', secret }))}`;
  const from = form.indexOf('hush%2F') - 'a%20'.length;
  for (let end = from + 1; end < form.length - '%22%7D'.length; end++) {
    const { text } = maskSecrets(form.slice(0, end), [secret]);
    // A lone beginning of a byte says nothing.
    if (!/^%.?$/.test(form.slice(from, end))) assert.equal(text.slice(from), '[redacted]', form.slice(0, end));
  }
  assert.equal(maskSecrets('payload=%7B%22a%22%3A%22husky', ['hush']).isMasked, false);
});

test('a text that is nothing but a secret is hidden, however short', () => {
  assert.equal(maskSecrets('hush', ['hush']).text, '[redacted]');
  assert.equal(maskSecrets('hush hush', ['hush']).isMasked, false);
});

test('a body of many strings with wrong escapes is shown as it came', () => {
  const body = '"\\x","\\u12","\\"'.repeat(1000);
  assert.deepEqual(maskSecrets(body, ['a secret of 32 characters, about']), { text: body, isMasked: false });
});

test('no text of a payload is the secret any more, and what is cut off anywhere is shown in some way', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ minLength: 8 }), fc.nat(200), (value, secret, end) => {
      const body = JSON.stringify([value, secret]);
      const texts: unknown[] = [];
      JSON.parse(maskSecrets(body, [secret]).text, (_, node) => texts.push(node));
      assert.ok(!texts.includes(secret));
      assert.equal(typeof maskSecrets(body.slice(0, end), [secret]).text, 'string');
    }),
    { numRuns: 200 },
  );
});
