import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createMac } from '../../adapters/mac.ts';
import { toBase64, toHex, utf8 } from './encoding.ts';
import { headerValues } from './headers.ts';
import { verify } from './judge.ts';
import type { Authenticator, Scheme } from './schemes.ts';
import { presetScheme, resolveScheme } from './schemes.ts';
import { hexSignature, signatureKey, standardSignature } from './sign.ts';

const mac = createMac();
const github = presetScheme('github');
const token = presetScheme('token');
const standard = presetScheme('standard-webhooks');
const body = utf8('{"n":1.0, "s":"é"}\n');
const NOW_MS = 1_767_225_600_000;
const NOW_SECONDS = NOW_MS / 1000;

interface Given {
  raw?: readonly string[];
  secrets?: readonly string[];
  secretUrl?: boolean;
  nowMs?: number;
}

function judged(scheme: Scheme, { raw = [], secrets = ['s3cret'], secretUrl = false, nowMs = NOW_MS }: Given) {
  return verify(scheme, { headers: headerValues(raw), body, secretUrl }, secrets, mac, nowMs);
}

function signed(secret: string): string {
  return hexSignature(utf8(secret), body, mac.hmac, 'sha256=');
}

const HUB = 'X-Hub-Signature-256';

test('the MAC of the raw body under any live secret verifies, in either case of hex', () => {
  const signature = signed('s3cret');
  const upper = `sha256=${signature.slice(7).toUpperCase()}`;
  assert.deepEqual(judged(github, { raw: [HUB, signature] }), { ok: true, scheme: 'hmac-sha256', reason: null });
  assert.equal(judged(github, { raw: [HUB.toLowerCase(), upper] }).ok, true);
  assert.equal(judged(github, { raw: [HUB, signature], secrets: ['newer', 's3cret'] }).ok, true);
  assert.equal(judged(github, { raw: [HUB, signature], secrets: ['newer'] }).reason, 'mismatch');
});

test('a request that cannot be judged is refused with the reason', () => {
  const good = signed('s3cret');
  const cases: [Given, string][] = [
    [{}, 'missing_header'],
    [{ raw: [HUB, ''] }, 'empty_header'],
    [{ raw: [HUB, good, HUB, good] }, 'duplicate_header'],
    [{ raw: [HUB, good.slice(7)] }, 'bad_prefix'],
    [{ raw: [HUB, good.replace('sha256', 'SHA256')] }, 'bad_prefix'],
    [{ raw: [HUB, `${good}, ${good}`] }, 'bad_encoding'],
    [{ raw: [HUB, `${good} `] }, 'bad_encoding'],
    [{ raw: [HUB, `${good}00`] }, 'bad_length'],
    [{ raw: [HUB, 'sha256='] }, 'bad_length'],
    [{ raw: [HUB, good], secrets: [] }, 'empty_secret'],
    [{ raw: [HUB, good], secrets: ['', '  '] }, 'empty_secret'],
  ];
  for (const [given, reason] of cases) assert.equal(judged(github, given).reason, reason, JSON.stringify(given));
});

test('an empty secret never verifies, not even its own MAC', () => {
  assert.equal(judged(github, { raw: [HUB, signed('')], secrets: [''] }).ok, false);
  assert.equal(judged(github, { raw: [HUB, signed('')], secrets: ['', 's3cret'] }).ok, false);
  assert.equal(judged(token, { raw: ['Authorization', ''], secrets: [''] }).ok, false);
});

test('base64 MACs are taken in their one spelling only', () => {
  const choice = resolveScheme({ type: 'hmac-sha256', header: 'X-Sig', prefix: '', encoding: 'base64' });
  assert.ok(choice.kind === 'scheme');
  const good = toBase64(mac.hmac('sha256', utf8('s3cret'), body));
  assert.equal(judged(choice.scheme, { raw: ['X-Sig', good] }).ok, true);
  assert.equal(judged(choice.scheme, { raw: ['X-Sig', good.replace('=', '')] }).reason, 'bad_encoding');
});

test('a token must be the whole header value, byte for byte', () => {
  const secrets = ['Bearer né'];
  const wire = Buffer.from('Bearer né').toString('latin1');
  assert.deepEqual(judged(token, { raw: ['authorization', wire], secrets }), {
    ok: true,
    scheme: 'token',
    reason: null,
  });
  for (const value of ['Bearer n', `${wire}x`, `${wire} `, wire.toLowerCase(), `${wire}, ${wire}`]) {
    assert.equal(judged(token, { raw: ['Authorization', value], secrets }).reason, 'mismatch', value);
  }
  assert.equal(judged(token, { raw: ['Authorization', wire, 'Authorization', wire], secrets }).ok, false);
  assert.equal(judged(token, { raw: ['Authorization', '€'], secrets }).reason, 'bad_encoding');
});

test('the secret URL is proof for the url scheme and for no other', () => {
  assert.equal(judged(presetScheme('url'), { secretUrl: true }).ok, true);
  assert.equal(judged(presetScheme('url'), { secretUrl: false }).reason, 'not_secret_url');
  assert.equal(judged(github, { secretUrl: true }).reason, 'missing_header');
});

test('a source that wants no proof says so in its verdict', () => {
  assert.deepEqual(judged(presetScheme('none'), {}), { ok: true, scheme: 'none', reason: null });
});

test('whsec_ with nothing behind it never verifies', () => {
  const own = standardSignature(new Uint8Array(0), 'msg_1', NOW_SECONDS, body, mac.hmac);
  const raw = standardHeaders({ signature: own });
  assert.equal(judged(standard, { raw, secrets: ['whsec_'] }).reason, 'empty_secret');
  assert.equal(judged(standard, { raw, secrets: ['whsec_', 's3cret'] }).reason, 'mismatch');
});

function standardHeaders(changes: { id?: string; timestamp?: string; signature?: string } = {}): string[] {
  const { id = 'msg_1', timestamp = String(NOW_SECONDS) } = changes;
  const own = standardSignature(signatureKey('s3cret', 'standard'), id, Number(timestamp), body, mac.hmac);
  const signature = changes.signature?.replaceAll('OWN', own) ?? own;
  return ['Webhook-Id', id, 'webhook-timestamp', timestamp, 'webhook-signature', signature];
}

test('Standard Webhooks are judged by id, timestamp and body together', () => {
  assert.equal(judged(standard, { raw: standardHeaders() }).ok, true);
  const cases: [string[], string][] = [
    [standardHeaders({ id: 'a.b' }), 'bad_id'],
    [standardHeaders({ timestamp: '+1' }), 'bad_timestamp'],
    [standardHeaders({ timestamp: '' }), 'empty_header'],
    [standardHeaders({ signature: 'v2,AAAA' }), 'no_known_signature'],
    [standardHeaders().slice(2), 'missing_header'],
    [[...standardHeaders(), ...standardHeaders()], 'duplicate_header'],
    [['webhook-id', 'other', ...standardHeaders().slice(2)], 'mismatch'],
  ];
  for (const [raw, reason] of cases) assert.equal(judged(standard, { raw }).reason, reason);
  assert.equal(judged(standard, { raw: standardHeaders({ signature: 'v2,x v1,AAAA OWN' }) }).ok, true);
});

test('a timestamp is good for five minutes on both sides, the edge included', () => {
  const raw = standardHeaders();
  for (const seconds of [-300, 300]) {
    assert.equal(judged(standard, { raw, nowMs: NOW_MS + seconds * 1000 }).ok, true);
  }
  for (const seconds of [-301, 301]) {
    assert.equal(judged(standard, { raw, nowMs: NOW_MS + seconds * 1000 }).reason, 'outside_tolerance');
  }
});

test('every secret is tried against every signature, also after a match', () => {
  let compared = 0;
  const counting: Authenticator = {
    hmac: mac.hmac,
    equal: (a, b) => {
      compared++;
      return mac.equal(a, b);
    },
  };
  const raw = standardHeaders({ signature: 'OWN OWN OWN' });
  const request = { headers: headerValues(raw), body, secretUrl: false };
  assert.equal(verify(standard, request, ['s3cret', 'older'], counting, NOW_MS).ok, true);
  assert.equal(compared, 6);
});

test('one flipped bit anywhere in body or MAC is a mismatch', () => {
  const good = mac.hmac('sha256', utf8('s3cret'), body);
  fc.assert(
    fc.property(fc.nat(body.length * 8 - 1), fc.nat(255), (bodyBit, macBit) => {
      const flipped = (bytes: Uint8Array, bit: number) =>
        bytes.map((b, i) => (i === bit >> 3 ? b ^ (1 << (bit & 7)) : b));
      const changed = {
        headers: headerValues([HUB, `sha256=${toHex(good)}`]),
        body: flipped(body, bodyBit),
        secretUrl: false,
      };
      assert.equal(verify(github, changed, ['s3cret'], mac, NOW_MS).reason, 'mismatch');
      const raw = [HUB, `sha256=${toHex(flipped(Uint8Array.from(good), macBit))}`];
      assert.equal(judged(github, { raw }).reason, 'mismatch');
    }),
    { numRuns: 100 },
  );
});

test('no header text makes any scheme throw or verify', () => {
  const schemes: Scheme[] = [github, token, standard, presetScheme('hmac-sha1')];
  const names = [HUB, 'X-Hub-Signature', 'Authorization', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.string({ unit: 'binary' })), { maxLength: 8 }),
      (headers) => {
        for (const scheme of schemes) assert.equal(judged(scheme, { raw: headers.flat() }).ok, false);
      },
    ),
    { numRuns: 200 },
  );
});
