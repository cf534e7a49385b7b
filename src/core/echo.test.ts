import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answered } from '../../test/support/ports.ts';
import { configOf } from '../../test/support/wire.ts';
import type { ResponseAnswer } from './attempt.ts';
import { withoutEchoes } from './echo.ts';
import type { SubscriptionInput } from './subscription-input.ts';

interface Came {
  body?: string;
  headers?: Record<string, string>;
  isCut?: boolean;
  eventHeaders?: Record<string, string>;
}

function answerOf({ body = '', headers = {}, isCut = false }: Came): ResponseAnswer {
  const answer = answered(500, headers, body);
  assert.ok(answer.kind === 'response');
  return { ...answer, truncated: isCut };
}

function shown(input: Partial<SubscriptionInput>, came: Came): ResponseAnswer {
  return withoutEchoes(answerOf(came), configOf(input), { headers: came.eventHeaders ?? {} });
}

function bodyOf(input: Partial<SubscriptionInput>, body: string, came: Came = {}): string {
  return Buffer.from(shown(input, { ...came, body }).body).toString();
}

const BEARER = { authType: 'bearer', bearerToken: 'canary-bearer-42' } as const;

describe('a credential that a receiver sends back', () => {
  const basic = Buffer.from('ada:p"ss/wörd').toString('base64');
  const sent: readonly [string, Partial<SubscriptionInput>, string, string][] = [
    ['a token', BEARER, 'authorization: Bearer canary-bearer-42\r\n', 'authorization: Bearer [redacted]\r\n'],
    [
      'a password, as it was sent and as it was meant',
      { authType: 'basic', basicUsername: 'ada', basicPassword: 'p"ss/wörd' },
      `Basic ${basic} is ada:p"ss/wörd`,
      'Basic [redacted] is ada:[redacted]',
    ],
    [
      'a header that authenticates, though others of its name are shown',
      { authType: 'header', authHeader: { name: 'User-Agent', value: 'canary-agent' } },
      'you are canary-agent',
      'you are [redacted]',
    ],
    ['a custom header', { headers: { 'X-Deploy': 'canary-header' } }, '<canary-header>', '<[redacted]>'],
    [
      'what stands behind the word of a custom header',
      { headers: { Authorization: 'Token canary-token' } },
      'no such token: canary-token',
      'no such token: [redacted]',
    ],
    [
      'the password in a custom header',
      { headers: { Authorization: `Basic ${basic}` } },
      'user ada, password p"ss/wörd',
      'user ada, password [redacted]',
    ],
    ['a signing secret', { signatureSecret: 'a plain secret' }, 'key "a plain secret"', 'key "[redacted]"'],
    [
      'a signing secret in base64',
      { signatureSecret: 'a plain secret' },
      Buffer.from('a plain secret').toString('base64'),
      '[redacted]',
    ],
    [
      'the key of a signing secret',
      { signatureSecret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` },
      Buffer.alloc(24, 7).toString('base64'),
      '[redacted]',
    ],
    [
      'the secrets of its URL, and not the names in it',
      { url: 'https://chat.example.com/hooks/T0123456789abcdefXYZ?key=a%2Fsecret&v=2' },
      'Cannot POST /hooks/T0123456789abcdefXYZ?key=a%2Fsecret&v=2 (a/secret)',
      'Cannot POST /hooks/[redacted]?key=[redacted]&v=2 ([redacted])',
    ],
  ];
  for (const [name, input, body, expected] of sent) {
    test(`is hidden in a body: ${name}`, () => assert.equal(bodyOf(input, body), expected));
  }

  test('is hidden in JSON and percent-encoded too', () => {
    const input = { authType: 'bearer', bearerToken: 'a"canary/b' } as const;
    for (const spelled of ['a\\"canary/b', 'a\\"canary\\/b', 'a%22canary%2Fb', 'a%22canary%2fb']) {
      assert.equal(bodyOf(input, `{"you":"${spelled}"}`), '{"you":"[redacted]"}', spelled);
    }
  });

  const canary = 'canary+\u00ff/\u00fe~42';
  const encoded: readonly [string, (bytes: Buffer) => string][] = [
    ['hex', (bytes) => bytes.toString('hex')],
    ['upper-case hex', (bytes) => bytes.toString('hex').toUpperCase()],
    ['base64', (bytes) => bytes.toString('base64')],
    ['base64 without padding', (bytes) => bytes.toString('base64').replace(/=+$/, '')],
    ['base64 of URLs', (bytes) => bytes.toString('base64url')],
    ['base64 in a URL', (bytes) => encodeURIComponent(bytes.toString('base64'))],
  ];
  for (const [name, encode] of encoded) {
    test(`is hidden in ${name}`, () => {
      const input = { authType: 'header', authHeader: { name: 'X-Key', value: 'canary+key/?~42' } } as const;
      assert.equal(bodyOf(input, `you sent ${encode(Buffer.from(input.authHeader.value))}.`), 'you sent [redacted].');
      assert.equal(bodyOf({ signatureSecret: canary }, encode(Buffer.from(canary))), '[redacted]');
    });

    test(`is hidden in ${name} of something longer`, () => {
      for (const before of ['', '1', '12', 'Bearer ']) {
        for (const after of ['', '3', '34', '345']) {
          const body = encode(Buffer.from(`${before}canary-bearer-42${after}`));
          // Three bytes are four digits: what stands in fours that it shares with others stays.
          const shown = bodyOf(BEARER, body).replace('[redacted]', '');
          const left = name.includes('hex')
            ? 2 * (before + after).length
            : 4 * Math.ceil((before + after).length / 3) + 8;
          assert.ok(shown.length <= left && shown.length < body.length - 16, `${before}…${after}: ${shown}`);
        }
      }
    });
  }

  test('is hidden in hex where it is the key that a secret stands for', () => {
    const key = Buffer.from('0123456789abcdef01234567');
    const input = { signatureSecret: `whsec_${key.toString('base64')}` };
    assert.equal(bodyOf(input, `key ${key.toString('hex')}`), 'key [redacted]');
  });

  test('is hidden in the headers of the answer', () => {
    const headers = { server: 'for canary-bearer-42', date: 'today', via: 'caf\xe9 canary-bearer-42' };
    const hidden = { server: 'for [redacted]', date: 'today', via: 'caf\xe9 [redacted]' };
    assert.deepEqual(shown(BEARER, { headers }).headers, hidden);
  });

  test('is learnt no more often than once, however many answers echo it, and with how many headers', () => {
    let reads = 0;
    const config = configOf(BEARER);
    const { auth } = config;
    Object.defineProperty(config, 'auth', {
      get() {
        reads++;
        return auth;
      },
    });
    const headers = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`x-${at}`, 'canary-bearer-42']));
    const learnt = [];
    for (const run of ['one-run', 'another-run', 'a-third-run']) {
      const answer = answerOf({ body: `canary-bearer-42 of ${run}`, headers });
      const { body } = withoutEchoes(answer, config, { headers: { 'X-Run-Token': run } });
      assert.equal(Buffer.from(body).toString(), '[redacted] of [redacted]');
      learnt.push(reads);
    }
    // Once for how it begins, and again for all of it.
    assert.deepEqual(learnt, [2, 2, 2]);
  });

  test('is hidden where the body was cut in the middle of it, and only there', () => {
    for (let length = 4; length < 'canary-bearer-42'.length; length++) {
      const body = `you sent ${'canary-bearer-42'.slice(0, length)}`;
      assert.equal(bodyOf(BEARER, body, { isCut: true }), 'you sent [redacted]');
      assert.equal(bodyOf(BEARER, body), body);
    }
  });

  test('makes its answer no longer than is kept, and that it was cut for it is told', () => {
    const headers = { 'X-Hop': 'broken' };
    const long = shown({ headers }, { body: 'broken '.repeat(8_000) });
    assert.deepEqual([long.body.length, long.truncated], [65_536, true]);
    const short = shown({ headers }, { body: 'broken '.repeat(5_000) });
    assert.deepEqual([short.body.length, short.truncated], [55_000, false]);
  });

  test('is hidden when it came with the event', () => {
    assert.equal(bodyOf({}, 'run-canary', { eventHeaders: { 'X-Run-Token': 'run-canary' } }), '[redacted]');
    assert.equal(bodyOf({}, 'run-canary', { eventHeaders: { 'X-Request-Id': 'run-canary' } }), 'run-canary');
  });
});

describe('an answer without one', () => {
  test('keeps the word that a cut ends it with, though a credential begins like the end of that word', () => {
    const token = { authType: 'bearer', bearerToken: 'oxalis-42' } as const;
    for (const body of ['the quick brown fo', 'the quick brown fox', 'the quick brown foxa']) {
      assert.equal(bodyOf(token, body, { isCut: true }), body);
    }
    assert.equal(bodyOf(token, 'oxa', { isCut: true }), 'oxa');
  });

  test('stays as it is', () => {
    const came = answerOf({ body: 'fine', headers: { date: 'today' } });
    assert.deepEqual(withoutEchoes(came, configOf(BEARER), { headers: {} }), came);
    assert.equal(withoutEchoes(came, configOf({}), { headers: {} }).body, came.body);
  });

  test('keeps the words of its URL; what is called a credential there is hidden, and what is as long as one', () => {
    const bodyAt = (query: string, body: string) => bodyOf({ url: `https://ci.example.com/hook?${query}` }, body);
    const words = 'no deployment to production';
    assert.equal(bodyAt('event=deployment&env=production&deployment', words), words);
    for (const name of ['key', 'api_key', 'apiKey', 'access_token', 'sig', 'PWD', 'X-Auth']) {
      assert.equal(bodyAt(`${name}=hush%21hush`, 'hush!hush or hush%21hush'), '[redacted] or [redacted]', name);
    }
    assert.equal(bodyAt('k=0123456789abcdef', '0123456789abcdef'), '[redacted]');
    assert.equal(bodyAt('0123456789abcdef', '0123456789abcdef'), '[redacted]');
  });

  test('is not shredded by credentials of less than six characters', () => {
    assert.equal(
      bodyOf({ headers: { 'X-Env': 'prod', 'X-Hop': 'broken' } }, 'product is broken'),
      'product is [redacted]',
    );
  });
});
