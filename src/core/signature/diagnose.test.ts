import assert from 'node:assert/strict';
import test from 'node:test';
import {
  asBase64,
  BODY,
  b64,
  bytes,
  custom,
  FORM,
  form,
  gitea,
  github,
  gitlab,
  HUB,
  hex,
  hooks,
  hub,
  KEY,
  NOW,
  NOW_SECONDS,
  SECRET,
  slack,
  standard,
  stripe,
  token,
  WHSEC,
} from '../../../test/support/hand-signed.ts';
import { createMac } from '../../adapters/mac.ts';
import { diagnose } from './diagnose.ts';
import { headerValues } from './headers.ts';
import { verify } from './judge.ts';
import { MISTAKES, type MistakeCode } from './mistake.ts';
import type { Scheme } from './scheme.ts';
import { presetScheme } from './schemes.ts';

const mac = createMac();
const base64 = custom({ type: 'hmac-sha256', header: 'X-Sig', prefix: '', encoding: 'base64' });
const bareHex = custom({ type: 'hmac-sha256', header: 'X-Sig', prefix: '' });
const basic = presetScheme('basic');

interface Sent {
  scheme: Scheme;
  headers: readonly string[];
  body?: string | Uint8Array;
  secrets?: readonly string[];
  stale?: readonly string[];
  /** A word that the message has to name. */
  names?: string;
}

const PARSED: unknown = JSON.parse(BODY);

const CASES: readonly (readonly [MistakeCode, Sent])[] = [
  ['not_secret_url', { scheme: presetScheme('url'), headers: [] }],
  ['no_secret', { scheme: github, headers: hub(BODY), secrets: ['', ' '] }],
  ['no_secret', { scheme: token, headers: ['Authorization', 'x'], secrets: [] }],
  ['no_secret', { scheme: basic, headers: ['Authorization', 'Basic eA=='], secrets: ['no colon'] }],
  ['other_header', { scheme: github, headers: ['x-hub-signature', 'sha1=00'], names: 'X-Hub-Signature is' }],
  ['other_header', { scheme: standard, headers: ['svix-id', 'm'], secrets: [WHSEC], names: 'svix-id' }],
  ['other_header', { scheme: token, headers: ['X-Gitlab-Token', SECRET], names: 'X-Gitlab-Token' }],
  ['other_header', { scheme: custom({ type: 'token', header: 'X-Mine' }), headers: ['Authorization', 'x'] }],
  ['missing_header', { scheme: github, headers: [], names: HUB }],
  ['missing_header', { scheme: standard, headers: hooks().slice(2), secrets: [WHSEC], names: 'webhook-id' }],
  ['missing_header', { scheme: slack, headers: ['X-Slack-Signature', 'v0=00'], names: 'X-Slack-Request-Timestamp' }],
  ['missing_header', { scheme: basic, headers: [], secrets: ['u:p'], names: 'Authorization' }],
  ['empty_header', { scheme: gitea, headers: ['X-Gitea-Signature', ''], names: 'X-Gitea-Signature' }],
  ['duplicate_header', { scheme: github, headers: [...hub(BODY), ...hub(BODY)], names: HUB }],
  ['duplicate_header', { scheme: gitlab, headers: ['X-Gitlab-Token', SECRET, 'X-Gitlab-Token', SECRET] }],
  ['timestamp_missing', { scheme: stripe, headers: ['Stripe-Signature', `v1=${hex(BODY)}`], names: '`t=`' }],
  ['timestamp_missing', { scheme: stripe, headers: ['Stripe-Signature', `t=1,t=${NOW},v1=${hex(`${NOW}.${BODY}`)}`] }],
  ['secret_sent', { scheme: bareHex, headers: ['X-Sig', SECRET] }],
  ['secret_sent', { scheme: github, headers: [HUB, `sha256=${SECRET}`] }],
  ['secret_sent', { scheme: bareHex, headers: ['X-Sig', `Bearer ${SECRET}`] }],
  ['bad_id', { scheme: standard, headers: hooks({ id: 'a.b' }), secrets: [WHSEC] }],
  ['timestamp_milliseconds', { scheme: standard, headers: hooks({ at: `${NOW}000` }), secrets: [WHSEC] }],
  [
    'timestamp_milliseconds',
    { scheme: stripe, headers: ['Stripe-Signature', `t=${NOW}123,v1=${hex(`${NOW}123.${BODY}`)}`] },
  ],
  ['timestamp_malformed', { scheme: standard, headers: hooks({ at: '2026-01-01T00:00:00Z' }), secrets: [WHSEC] }],
  [
    'clock',
    {
      scheme: standard,
      headers: hooks({ at: `${NOW_SECONDS - 7300}` }),
      secrets: [WHSEC],
      names: '2 hours in the past',
    },
  ],
  [
    'clock',
    {
      scheme: standard,
      headers: hooks({ at: `${NOW_SECONDS + 301}` }),
      secrets: [WHSEC],
      names: '5 minutes in the future',
    },
  ],
  ['algorithm', { scheme: github, headers: [HUB, `sha1=${hex(BODY, SECRET, 'sha1')}`], names: 'length of SHA-1' }],
  ['algorithm', { scheme: bareHex, headers: ['X-Sig', hex(BODY, SECRET, 'sha512')], names: 'length of SHA-512' }],
  ['algorithm', { scheme: presetScheme('hmac-sha1'), headers: ['X-Hub-Signature', `sha256=${hex(BODY)}`] }],
  ['prefix_missing', { scheme: github, headers: [HUB, hex(BODY)], names: '`sha256=`' }],
  ['prefix_missing', { scheme: standard, headers: hooks({ signature: b64(BODY, KEY) }), secrets: [WHSEC] }],
  ['prefix_extra', { scheme: bareHex, headers: ['X-Sig', `sha256=${hex(BODY)}`] }],
  ['prefix_other', { scheme: github, headers: [HUB, `SHA256=${hex(BODY)}`] }],
  [
    'prefix_other',
    { scheme: slack, headers: ['X-Slack-Request-Timestamp', NOW, 'X-Slack-Signature', `v1=${hex(BODY)}`] },
  ],
  ['prefix_other', { scheme: stripe, headers: ['Stripe-Signature', `t=${NOW},v0=${hex(`${NOW}.${BODY}`)}`] }],
  ['encoding', { scheme: github, headers: [HUB, `sha256=${b64(BODY)}`], names: 'as base64; this scheme wants hex' }],
  ['encoding', { scheme: base64, headers: ['X-Sig', hex(BODY)], names: 'as hex; this scheme wants base64' }],
  ['encoding', { scheme: base64, headers: ['X-Sig', asBase64(hex(BODY))], names: 'base64 of hex text' }],
  ['encoding', { scheme: base64, headers: ['X-Sig', b64(BODY).replace('=', '')], names: 'without padding' }],
  ['encoding', { scheme: base64, headers: ['X-Sig', Buffer.alloc(32, 0xfb).toString('base64url')], names: '- and _' }],
  ['whitespace', { scheme: github, headers: [HUB, ` sha256=${hex(BODY)}`] }],
  ['whitespace', { scheme: bareHex, headers: ['X-Sig', `"${hex(BODY)}"`] }],
  ['whitespace', { scheme: gitlab, headers: ['X-Gitlab-Token', `"${SECRET}"`] }],
  ['malformed', { scheme: github, headers: [HUB, 'sha256=xyz'] }],
  ['malformed', { scheme: github, headers: [HUB, `sha256=${hex(BODY)}00`] }],
  ['malformed', { scheme: basic, headers: ['Authorization', 'Basic ***'], secrets: ['u:p'] }],
  [
    'form_malformed',
    { scheme: gitea, headers: [...FORM, 'X-Gitea-Signature', hex(BODY)], body: `${form(BODY)}&more=1` },
  ],
  ['empty_key', { scheme: github, headers: hub(BODY, '') }],
  ['secret_whitespace', { scheme: github, headers: hub(BODY), secrets: [`${SECRET}\n`] }],
  ['secret_whitespace', { scheme: github, headers: hub(BODY, `${SECRET}\n`) }],
  ['secret_whitespace', { scheme: gitlab, headers: ['X-Gitlab-Token', SECRET], secrets: [` ${SECRET}`] }],
  ['secret_whitespace', { scheme: basic, headers: ['Authorization', `Basic ${asBase64('u:p')}`], secrets: ['u:p\n'] }],
  ['secret_not_decoded', { scheme: standard, headers: hooks({ key: WHSEC }), secrets: [WHSEC] }],
  ['secret_not_decoded', { scheme: standard, headers: hooks({ key: WHSEC.slice(6) }), secrets: [WHSEC] }],
  ['secret_decoded', { scheme: github, headers: hub(BODY, KEY), secrets: [WHSEC] }],
  ['secret_decoded', { scheme: github, headers: hub(BODY, WHSEC.slice(6)), secrets: [WHSEC] }],
  ['secret_hex', { scheme: github, headers: hub(BODY, KEY), secrets: [KEY.toString('hex')] }],
  ['secret_base64', { scheme: github, headers: hub(BODY, KEY), secrets: [KEY.toString('base64')] }],
  ['secret_base64', { scheme: standard, headers: hooks(), secrets: [KEY.toString('base64')] }],
  ['stale_secret', { scheme: github, headers: hub(BODY, 'older'), stale: ['oldest', 'older'] }],
  ['stale_secret', { scheme: gitlab, headers: ['X-Gitlab-Token', 'older'], stale: ['older'] }],
  [
    'stale_secret',
    { scheme: basic, headers: ['Authorization', `Basic ${asBase64('u:old')}`], secrets: ['u:p'], stale: ['u:old'] },
  ],
  ['form_payload', { scheme: github, headers: [...FORM, ...hub(BODY)], body: form(BODY), names: '`payload`' }],
  ['form_payload', { scheme: gitea, headers: [...FORM, 'X-Gitea-Signature', hex(form(BODY))], body: form(BODY) }],
  ['timestamp_not_signed', { scheme: stripe, headers: ['Stripe-Signature', `t=${NOW},v1=${hex(BODY)}`] }],
  [
    'timestamp_not_signed',
    { scheme: standard, headers: hooks({ signature: `v1,${b64(BODY, KEY)}` }), secrets: [WHSEC] },
  ],
  [
    'covers_other',
    {
      scheme: standard,
      headers: hooks({ signature: `v1,${b64(`${NOW}.${BODY}`, KEY)}` }),
      secrets: [WHSEC],
      names: 'timestamp.body',
    },
  ],
  ['newline', { scheme: github, headers: hub(`${BODY}\n`) }],
  ['newline', { scheme: github, headers: hub(`${BODY}\r\n`) }],
  ['newline', { scheme: github, headers: hub(BODY), body: `${BODY}\r\n` }],
  ['newline', { scheme: stripe, headers: ['Stripe-Signature', `t=${NOW},v1=${hex(`${NOW}.${BODY}\n`)}`] }],
  ['line_endings', { scheme: github, headers: hub('a\r\nb'), body: 'a\nb' }],
  ['line_endings', { scheme: github, headers: hub('a\nb\n'), body: 'a\r\nb\r\n' }],
  ['byte_order_mark', { scheme: github, headers: hub(`\uFEFF${BODY}`) }],
  ['byte_order_mark', { scheme: github, headers: hub(BODY), body: `\uFEFF${BODY}` }],
  ['reserialised', { scheme: github, headers: hub(JSON.stringify(PARSED)) }],
  ['reserialised', { scheme: github, headers: hub(JSON.stringify(PARSED, null, 2)) }],
  ['reserialised', { scheme: github, headers: hub(`${JSON.stringify(PARSED, null, 2)}\n`) }],
  ['reserialised', { scheme: github, headers: hub(BODY.replaceAll(': ', ':').replaceAll(', ', ',')) }],
  ['reserialised', { scheme: github, headers: hub('{"2":[],"1":1.0}'), body: '{"2": [ ], "1": 1.0}' }],
  ['body_not_signed', { scheme: github, headers: hub('') }],
  ['variable_sent', { scheme: token, headers: ['Authorization', '$SECRET'] }],
  ['variable_sent', { scheme: token, headers: ['Authorization', 'Bearer {{ secrets.TOKEN }}'] }],
  ['variable_sent', { scheme: gitlab, headers: ['X-Gitlab-Token', 'undefined'] }],
  ['variable_sent', { scheme: token, headers: ['Authorization', 'Bearer'], secrets: [`Bearer ${SECRET}`] }],
  ['basic_sent', { scheme: token, headers: ['Authorization', `Basic ${asBase64(`hook:${SECRET}`)}`] }],
  ['basic_sent', { scheme: token, headers: ['Authorization', `Basic ${asBase64(`${SECRET}:`)}`] }],
  ['authorization_extra', { scheme: token, headers: ['Authorization', `Bearer ${SECRET}`] }],
  ['authorization_missing', { scheme: token, headers: ['Authorization', SECRET], secrets: [`Bearer ${SECRET}`] }],
  [
    'authorization_other',
    { scheme: token, headers: ['Authorization', `bearer ${SECRET}`], secrets: [`Bearer ${SECRET}`] },
  ],
  ['authorization_other', { scheme: basic, headers: ['Authorization', `Bearer ${asBase64('u:p')}`], secrets: ['u:p'] }],
  ['name_sent', { scheme: token, headers: ['Authorization', `Authorization: ${SECRET}`] }],
  [
    'name_sent',
    { scheme: token, headers: ['Authorization', `Authorization: Bearer ${SECRET}`], secrets: [`Bearer ${SECRET}`] },
  ],
  [
    'user_other',
    { scheme: basic, headers: ['Authorization', `Basic ${asBase64('robot:p')}`], secrets: ['robot$ci:p'] },
  ],
  ['user_other', { scheme: basic, headers: ['Authorization', `Basic ${asBase64('p')}`], secrets: ['u:p'] }],
  ['letter_case', { scheme: gitlab, headers: ['X-Gitlab-Token', SECRET.toUpperCase()] }],
  ['letter_case', { scheme: basic, headers: ['Authorization', `Basic ${asBase64('U:p')}`], secrets: ['u:p'] }],
  ['encoding', { scheme: gitlab, headers: ['X-Gitlab-Token', asBase64(SECRET)], names: 'base64' }],
  ['encoding', { scheme: basic, headers: ['Authorization', 'Basic u:p'], secrets: ['u:p'], names: 'plain text' }],
  ['encoding', { scheme: basic, headers: ['Authorization', 'Basic dTpwcA'], secrets: ['u:pp'] }],
  ['signature_sent', { scheme: gitlab, headers: ['X-Gitlab-Token', `sha256=${hex(BODY)}`] }],
  ['empty_key', { scheme: github, headers: hub(BODY, 'undefined') }],
  ['unexplained', { scheme: github, headers: hub(BODY, 'another') }],
  ['unexplained', { scheme: token, headers: ['Authorization', 'nullify'] }],
  ['unexplained', { scheme: gitlab, headers: ['X-Gitlab-Token', 'another'] }],
  ['unexplained', { scheme: basic, headers: ['Authorization', `Basic ${asBase64('u:x')}`], secrets: ['u:p'] }],
];

function diagnosisOf({ scheme, headers, body = BODY, secrets = [SECRET], stale = [] }: Sent) {
  const request = {
    headers: headerValues(headers),
    body: typeof body === 'string' ? bytes(body) : body,
    secretUrl: false,
  };
  assert.equal(verify(scheme, request, secrets, mac, NOW_SECONDS * 1000).ok, false);
  return diagnose(scheme, request, secrets, mac, NOW_SECONDS * 1000, stale);
}

for (const [code, sent] of CASES) {
  test(`${sent.scheme.type}: ${code} is told from ${JSON.stringify(sent.headers).slice(0, 90)}`, () => {
    const found = diagnosisOf(sent);
    assert.ok(found !== null);
    assert.equal(found.code, code, found.message);
    assert.ok(found.message.includes(sent.names ?? ''), found.message);
    assert.doesNotMatch(found.message + found.remedy, /…|\{[a-z]+\}/);
    const [, proposed] = /set `scheme` of the source to `(\{.*\})`/.exec(found.remedy) ?? [];
    if (proposed !== undefined) custom(JSON.parse(proposed));
  });
}

test('every mistake has a request that shows it', () => {
  const shown = new Set(CASES.map(([code]) => code));
  assert.deepEqual([...shown].sort(), Object.keys(MISTAKES).sort());
});

test('a request that verifies has no diagnosis, and neither has a source that wants no proof', () => {
  const good = { headers: headerValues(hub(BODY)), body: bytes(BODY), secretUrl: false };
  assert.equal(diagnose(github, good, [SECRET], mac, 0), null);
  assert.equal(diagnose(presetScheme('none'), good, [], mac, 0), null);
});

test('no diagnosis holds a secret, or anything of a signature', () => {
  for (const [code, { headers, secrets = [SECRET], stale = [], ...sent }] of CASES) {
    const told = JSON.stringify(diagnosisOf({ headers, secrets, stale, ...sent }));
    const values = headers.filter((_, index) => index % 2 === 1).flatMap((value) => [value, ...value.split(/[=,]/)]);
    for (const text of [...secrets, ...stale, ...values]) {
      if (text.trim().length > 12 && !text.startsWith('application/'))
        assert.ok(!told.includes(text.trim()), `${code}: ${told}`);
    }
  }
});

test('the work is bounded: about two hundred MACs, whatever the body and however many the secrets', () => {
  let count = 0;
  const counting = {
    equal: mac.equal,
    hmac: (...given: Parameters<typeof mac.hmac>) => {
      count++;
      return mac.hmac(...given);
    },
  };
  const body = bytes(JSON.stringify({ list: Array.from({ length: 6000 }, (_, n) => n) }));
  const secrets = Array.from({ length: 9 }, (_, n) => `whsec_${asBase64(`secret number ${n} of many`)}`);
  const headers = ['webhook-id', 'm', 'webhook-timestamp', NOW, 'webhook-signature', `v1,${b64('other')}`];
  const request = { headers: headerValues(headers), body, secretUrl: false };
  assert.equal(diagnose(standard, request, secrets, counting, NOW_SECONDS * 1000, secrets)?.code, 'unexplained');
  assert.ok(count < 200, `${count}`);
});

test('a sender that only has to send a secret is not told to sign', () => {
  for (const scheme of [gitlab, token, github]) {
    const request = { headers: headerValues([]), body: new Uint8Array(0), secretUrl: false };
    const found = diagnose(scheme, request, [SECRET], mac, NOW_SECONDS * 1000);
    assert.equal(found?.code, 'missing_header');
    assert.doesNotMatch(found?.remedy ?? '', /sign/);
  }
});
