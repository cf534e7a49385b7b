import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { headerErrors, isHeaderName, isHeaderValue, MAX_HEADERS, REDACTED, redactHeaders } from './header.ts';
import { profiles } from './profile.ts';

const OWNED = profiles.stella.ownHeaders;

function pointers(headers: Record<string, string>): string[] {
  return headerErrors(headers, OWNED, '/headers').map(({ pointer }) => pointer);
}

describe('custom headers', () => {
  test('may say what they want, Content-Type included', () => {
    const free = {
      'Content-Type': 'application/vnd.api+json',
      'X-Team': 'a, b\tc',
      Authorization: 'Token x',
      empty: '',
    };
    assert.deepEqual(pointers(free), []);
  });

  test('may not frame the message, speak for a proxy, or be set by Hookyard or the profile', () => {
    const refused = [
      'Host',
      'content-length',
      'Content-Encoding',
      'Transfer-Encoding',
      'Connection',
      'TE',
      'Trailer',
      'Upgrade',
      'Expect',
      'Keep-Alive',
      'Accept-Encoding',
      'Proxy-Authorization',
      'proxy-connection',
      'Hookyard-Attempt',
      'hookyard-anything',
      'traceparent',
      'X-Stella-Event',
      'x-stella-signature',
      'X-Stella-Signature-Next',
      'Webhook-Id',
      'webhook-timestamp',
      'webhook-signature',
    ];
    for (const name of refused) assert.deepEqual(pointers({ [name]: 'x' }), [`/headers/${name}`], name);
  });

  test('may not break out of their line', () => {
    for (const value of ['a\r\nX-Evil: 1', 'a\nb', 'a\rb', 'a\0b', 'a\x7f', 'é', '\u2028', ' a', 'a ', '\t', 'a\n']) {
      assert.deepEqual(pointers({ 'X-A': value }), ['/headers/X-A'], JSON.stringify(value));
    }
    for (const name of ['X-A\r\nX-Evil', 'X A', 'X:A', '', 'é', 'X-A\n']) {
      assert.equal(pointers({ [name]: 'x' }).length, 1, JSON.stringify(name));
    }
  });

  test('may not be named like the member that holds a prototype', () => {
    assert.deepEqual(pointers(JSON.parse('{"__proto__": "x", "X-A": "x"}')), ['/headers/__proto__']);
  });

  test('may not be given twice in different case', () => {
    assert.deepEqual(pointers({ 'X-A': '1', 'x-a': '2' }), ['/headers/x-a']);
  });

  test('are limited in number and length', () => {
    const many = Object.fromEntries(Array.from({ length: MAX_HEADERS + 1 }, (_, at) => [`x-${at}`, '']));
    assert.deepEqual(pointers(many), ['/headers']);
    assert.ok(isHeaderValue('x'.repeat(4096)) && !isHeaderValue('x'.repeat(4097)));
    assert.ok(isHeaderName('x'.repeat(128)) && !isHeaderName('x'.repeat(129)));
  });

  test('are limited in all, names and values together', () => {
    const large = { 'x-a': 'x'.repeat(4093), 'x-b': 'x'.repeat(4093) };
    assert.deepEqual(pointers(large), []);
    assert.deepEqual(pointers({ ...large, a: '' }), ['/headers']);
  });

  test('are none where a value is not shown: what stands for it is not taken for it', () => {
    const [error] = headerErrors({ 'X-A': REDACTED }, OWNED, '/headers');
    assert.equal(error?.pointer, '/headers/X-A');
    assert.match(error?.message ?? '', /write the value itself/);
    assert.deepEqual(pointers({ 'X-A': `${REDACTED}.` }), []);
  });

  test('that somebody else sets are told with who that is', () => {
    const words = (...owner: [] | [string]) => headerErrors({ 'Webhook-Id': 'x' }, OWNED, '', ...owner)[0]?.message;
    assert.match(words() ?? '', /authentication of this subscription\.$/);
    assert.match(words('a profile') ?? '', /belongs to a profile\.$/);
  });

  test('are pointed at by an escaped JSON pointer', () => {
    assert.deepEqual(pointers({ 'a/b~c': '1' }), ['/headers/a~1b~0c']);
  });

  test('that pass are accepted by the platform as they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.string({ unit: 'binary', maxLength: 12 }),
        (name, value) => {
          if (pointers({ [name]: value }).length > 0) return;
          assert.equal(new Headers([[name, value]]).get(name), value);
        },
      ),
    );
  });
});

describe('headers that are kept and shown', () => {
  test('hide every value that is not known to be harmless', () => {
    const shown = redactHeaders({
      Authorization: 'Bearer s3cret',
      cookie: 'a=b',
      'X-Api-Key': 's3cret',
      'X-GitHub-Token': 's3cret',
      'x-harbor-secret': 's3cret',
      'Content-Type': 'application/json',
      'Hookyard-Attempt': '2',
      'x-stella-signature': 'ab12',
    });
    assert.deepEqual(shown, {
      Authorization: REDACTED,
      cookie: REDACTED,
      'X-Api-Key': REDACTED,
      'X-GitHub-Token': REDACTED,
      'x-harbor-secret': REDACTED,
      'Content-Type': 'application/json',
      'Hookyard-Attempt': '2',
      'x-stella-signature': 'ab12',
    });
  });

  test('show what an answer says of the receiver and of the proxies before it', () => {
    const names = ['allow', 'cf-ray', 'connection', 'keep-alive', 'transfer-encoding', 'via', 'webhook-delivery'];
    const headers = Object.fromEntries([...names, 'WWW-Authenticate'].map((name) => [name, 'v']));
    assert.deepEqual(redactHeaders(headers), headers);
    assert.deepEqual(redactHeaders({ 'set-cookie': 's' }), { 'set-cookie': REDACTED });
  });

  test('hide a harmless name that somebody chose for a credential', () => {
    assert.deepEqual(redactHeaders({ 'x-request-id': 's3cret', date: 'today' }, ['X-Request-Id']), {
      'x-request-id': REDACTED,
      date: 'today',
    });
  });

  test('that a profile sets are shown, because nobody chooses their values', () => {
    for (const { ownHeaders } of Object.values(profiles)) {
      const headers = Object.fromEntries(ownHeaders.map((name) => [name, 'v']));
      assert.deepEqual(redactHeaders(headers), headers);
    }
  });
});
