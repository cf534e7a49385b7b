import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MAC_SCHEMES, NOW_SECONDS, rightly, type Sender, sent } from '../../../test/support/signing-sender.ts';
import { createMac } from '../../adapters/mac.ts';
import { formBody } from '../form.ts';
import { diagnose } from './diagnose.ts';
import { utf8 } from './encoding.ts';
import { headerValues } from './headers.ts';
import { verify } from './judge.ts';
import { MISTAKES, type MistakeCode } from './mistake.ts';
import { type Scheme, type Signing, signingOf } from './scheme.ts';
import { PRESET_NAMES, presetScheme } from './schemes.ts';
import { signatureKey } from './sign.ts';

const mac = createMac();

type Change = (sender: Sender, signing: Signing) => Partial<Sender> | null;

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** Each mistake, and what else explains the same request as well. null = it cannot be made here. */
const MISTAKEN: readonly { code: MistakeCode; or?: readonly MistakeCode[]; make: Change }[] = [
  { code: 'newline', make: ({ body }) => ({ signed: utf8(`${text(body)}\n`) }) },
  { code: 'newline', make: ({ body }) => ({ body: utf8(`${text(body)}\r\n`) }) },
  { code: 'line_endings', or: ['newline'], make: ({ body }) => ({ body: utf8(text(body).replaceAll('\n', '\r\n')) }) },
  { code: 'byte_order_mark', make: ({ body }) => ({ body: utf8(`\uFEFF${text(body)}`) }) },
  {
    code: 'reserialised',
    or: ['newline'],
    make: ({ body }) => ({ signed: utf8(JSON.stringify(JSON.parse(text(body)))) }),
  },
  {
    code: 'reserialised',
    or: ['newline'],
    make: ({ body }) => ({ signed: utf8(JSON.stringify(JSON.parse(text(body)), null, 2)) }),
  },
  { code: 'body_not_signed', make: () => ({ signed: new Uint8Array(0) }) },
  { code: 'empty_key', make: () => ({ key: new Uint8Array(0) }) },
  { code: 'secret_whitespace', make: ({ secret }) => ({ key: utf8(`${secret}\n`) }) },
  {
    code: 'secret_not_decoded',
    make: ({ secret }, { keyStyle }) => (keyStyle === 'standard' ? { key: utf8(secret) } : null),
  },
  {
    code: 'secret_decoded',
    make: ({ secret }, { keyStyle }) => (keyStyle === 'plain' ? { key: signatureKey(secret, 'standard') } : null),
  },
  { code: 'stale_secret', make: (_, { keyStyle }) => ({ key: signatureKey(STALE, keyStyle) }) },
  { code: 'timestamp_not_signed', make: (_, { timestamp }) => (timestamp === null ? null : { signsTime: false }) },
  {
    code: 'timestamp_milliseconds',
    make: ({ seconds }, { timestamp }) => (timestamp === null ? null : { seconds: `${seconds}000` }),
  },
  { code: 'clock', make: (_, { timestamp }) => (timestamp === null ? null : { seconds: `${NOW_SECONDS - 301}` }) },
  { code: 'clock', make: (_, { timestamp }) => (timestamp === null ? null : { seconds: `${NOW_SECONDS + 999}` }) },
  { code: 'algorithm', make: (_, { hash }) => ({ hash: hash === 'sha1' ? 'sha256' : 'sha1' }) },
  { code: 'encoding', make: (_, { encoding }) => ({ encoding: encoding === 'hex' ? 'base64' : 'hex' }) },
  { code: 'encoding', make: () => ({ encoding: 'base64url' }) },
  { code: 'prefix_missing', make: (_, { prefix }) => (prefix === '' ? null : { prefix: '' }) },
  { code: 'prefix_extra', make: (_, { prefix }) => (prefix === '' ? { prefix: 'sha256=' } : null) },
  { code: 'prefix_other', make: (_, { prefix }) => (prefix === '' ? null : { prefix: 'other=' }) },
  {
    code: 'form_payload',
    make: ({ body }, { covers }) =>
      covers === 'form-payload'
        ? { body: formBody(body), signed: formBody(body), headers: FORM }
        : { body: formBody(body), headers: FORM },
  },
  { code: 'duplicate_header', make: (_, { header }) => ({ headers: [header, 'x'] }) },
];

const FORM = ['content-type', 'application/x-www-form-urlencoded'];
const STALE = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

const secrets = fc
  .uint8Array({ minLength: 24, maxLength: 40 })
  .map((key) => `whsec_${Buffer.from(key).toString('base64')}`);
/** JSON as some sender writes it, with a line break inside. */
const bodies = fc
  .jsonValue({ maxDepth: 4 })
  .map((value) => utf8(`{"image": "shop/api",\n "n": 1.50, "data": ${JSON.stringify(value)}}`));

test('for any mistake in any scheme with a MAC the doctor names it, or what explains it as well', () => {
  const told = new Set<MistakeCode>();
  fc.assert(
    fc.property(
      fc.constantFrom(...MAC_SCHEMES),
      fc.constantFrom(...MISTAKEN),
      secrets,
      bodies,
      (scheme, mistake, secret, body) => {
        const signing = signingOf(scheme);
        const right = rightly(signing, secret, body);
        const wrong = mistake.make(right, signing);
        if (wrong === null) return;
        const changed = { ...right, ...('body' in wrong || 'signed' in wrong ? { signed: body } : {}), ...wrong };
        const request = { headers: headerValues(sent(signing, changed)), body: changed.body, secretUrl: false };
        if (verify(scheme, request, [secret], mac, NOW_SECONDS * 1000).ok) {
          assert.ok(Buffer.from(changed.signed).equals(changed.body), `${mistake.code} was accepted`);
          return;
        }
        const found = diagnose(scheme, request, [secret], mac, NOW_SECONDS * 1000, [STALE]);
        assert.ok(
          found !== null && [mistake.code, ...(mistake.or ?? [])].includes(found.code),
          `${mistake.code}: ${found?.code}`,
        );
        told.add(found.code);
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(told.size > 15, [...told].join());
});

test('no request makes the doctor throw, and it always has a word to say about a refused one', () => {
  const schemes: readonly Scheme[] = PRESET_NAMES.map(presetScheme);
  const names = fc.constantFrom(
    HUB,
    'Authorization',
    'Stripe-Signature',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'content-type',
  );
  const headers = fc.array(
    fc.tuple(names, fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.constant('Basic dTpw'))),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...schemes),
      headers,
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.string(), { maxLength: 2 }),
      (scheme, raw, body, live) => {
        const request = { headers: headerValues(raw.flat()), body, secretUrl: false };
        const found = diagnose(scheme, request, live, mac, NOW_SECONDS * 1000, live);
        assert.equal(found === null, verify(scheme, request, live, mac, NOW_SECONDS * 1000).ok);
        if (found !== null) assert.ok(Object.hasOwn(MISTAKES, found.code));
      },
    ),
    { numRuns: 300 },
  );
});

const HUB = 'X-Hub-Signature-256';
