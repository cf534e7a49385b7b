/** Every row of the table of schemes, against a sender that is written apart. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MAC_SCHEMES, NOW_SECONDS, rightly, sent } from '../../../test/support/signing-sender.ts';
import { createMac } from '../../adapters/mac.ts';
import { formBody } from '../form.ts';
import { headerValues } from './headers.ts';
import { verify } from './judge.ts';
import { proofHeaders, type Scheme, signingOf } from './scheme.ts';
import { presetScheme, resolveScheme } from './schemes.ts';

const mac = createMac();
const NOW_MS = NOW_SECONDS * 1000;

function custom(covers: string): Scheme {
  const timed = covers.includes('timestamp') ? { timestampHeader: 'X-Time' } : {};
  const identified = covers.startsWith('id.') ? { idHeader: 'X-Id' } : {};
  const choice = resolveScheme({ type: 'hmac-sha1', header: 'X-Own', covers, ...timed, ...identified });
  assert.ok(choice.kind === 'scheme', covers);
  return choice.scheme;
}

const CUSTOM = ['body', 'form-payload', 'timestamp.body', 'v0:timestamp:body', 'id.timestamp.body'].map(custom);
const ROWS = [...MAC_SCHEMES, ...CUSTOM.filter((scheme) => scheme.type === 'hmac')];

function judged(scheme: Scheme, raw: readonly string[], body: Uint8Array, secrets: readonly string[], nowMs = NOW_MS) {
  return verify(scheme, { headers: headerValues(raw), body, secretUrl: false }, secrets, mac, nowMs);
}

const row = fc.constantFrom(...ROWS);
const secret = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '');
const body = fc.uint8Array({ maxLength: 60 });

test('what any sender signs by its row verifies with any of the live secrets, and with no other', () => {
  fc.assert(
    fc.property(row, secret, body, (scheme, own, bytes) => {
      const signing = signingOf(scheme);
      const raw = sent(signing, rightly(signing, own, bytes));
      assert.equal(judged(scheme, raw, bytes, [own]).reason, null);
      assert.equal(judged(scheme, raw, bytes, [`${own}x`, own]).reason, null);
      assert.equal(judged(scheme, raw, bytes, [`${own}x`]).reason, 'mismatch');
      assert.equal(judged(scheme, raw, bytes, []).reason, 'empty_secret');
    }),
    { numRuns: 200 },
  );
});

test('one changed byte of the body, and of what else is covered, is a mismatch in every row', () => {
  fc.assert(
    fc.property(row, secret, fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(), (scheme, own, bytes, at) => {
      const signing = signingOf(scheme);
      const raw = sent(signing, rightly(signing, own, bytes));
      const changed = bytes.map((byte, index) => (index === at % bytes.length ? byte ^ 1 : byte));
      assert.equal(judged(scheme, raw, changed, [own]).reason, 'mismatch');
      if (signing.timestamp !== null) {
        const later = raw.map((text) => text.replace(`${NOW_SECONDS}`, `${NOW_SECONDS + 1}`));
        assert.equal(judged(scheme, later, bytes, [own]).reason, 'mismatch');
      }
      if (signing.idHeader !== null) {
        const other = raw.map((text) => (text === 'msg_1' ? 'msg_2' : text));
        assert.equal(judged(scheme, other, bytes, [own]).reason, 'mismatch');
      }
    }),
    { numRuns: 200 },
  );
});

test('of each header that a row reads, none, an empty one and two are refusals', () => {
  for (const scheme of ROWS) {
    const signing = signingOf(scheme);
    const bytes = Buffer.from('{}');
    const raw = sent(signing, rightly(signing, 's3cret', bytes));
    for (const name of proofHeaders(scheme)) {
      const at = raw.indexOf(name);
      assert.notEqual(at, -1, name);
      const [before, value = '', after] = [raw.slice(0, at), raw[at + 1], raw.slice(at + 2)];
      const reason = (...own: string[]) => judged(scheme, [...before, ...own, ...after], bytes, ['s3cret']).reason;
      assert.equal(reason(), 'missing_header', name);
      assert.equal(reason(name, ''), 'empty_header', name);
      assert.equal(reason(name, value, name.toUpperCase(), value), 'duplicate_header', name);
    }
  }
});

test('a timestamp is good for five minutes on both sides in every row that has one', () => {
  const timed = ROWS.filter((scheme) => signingOf(scheme).timestamp !== null);
  assert.ok(timed.length >= 6);
  for (const scheme of timed) {
    const signing = signingOf(scheme);
    const bytes = Buffer.from('{}');
    const raw = sent(signing, rightly(signing, 's3cret', bytes));
    for (const seconds of [-301, -300, 300, 301]) {
      const { reason } = judged(scheme, raw, bytes, ['s3cret'], NOW_MS + seconds * 1000);
      assert.equal(reason, Math.abs(seconds) > 300 ? 'outside_tolerance' : null, `${signing.header} ${seconds}`);
    }
    for (const odd of ['+1767225600', '1767225600.0', '1767225600000', ' 1767225600', '']) {
      const { ok } = judged(
        scheme,
        raw.map((text) => text.replace(`${NOW_SECONDS}`, odd)),
        bytes,
        ['s3cret'],
      );
      assert.equal(ok, false, `${signing.header} ${odd}`);
    }
  }
});

test('a list is searched for the version we know: others are skipped, and so are malformed entries', () => {
  const circleci = presetScheme('circleci');
  const right = mac.hmac('sha256', Buffer.from('secret'), Buffer.from('foo'));
  const hex = Buffer.from(right).toString('hex');
  const reason = (value: string) =>
    judged(circleci, ['circleci-signature', value], Buffer.from('foo'), ['secret']).reason;
  assert.equal(reason(`v1=${hex},v2=zzzz,v3=yyyy`), null);
  assert.equal(reason(`v2=zzzz,v1=00,v1=${'0'.repeat(64)},v1=${hex.toUpperCase()}`), null);
  for (const value of [`v2=${hex}`, hex, `V1=${hex}`, `v1=${hex}00`, ` v1=${hex}`, 'v1=', ',']) {
    assert.equal(reason(value), 'no_known_signature', value);
  }
});

test('two timestamps in a list are none, whichever of them is signed', () => {
  for (const name of ['stripe', 'buildkite'] as const) {
    const scheme = presetScheme(name);
    const signing = signingOf(scheme.type === 'hmac' ? scheme : assert.fail());
    const [header = '', value = ''] = sent(signing, rightly(signing, 's3cret', Buffer.from('{}')));
    const [timestamp = ''] = value.split(',');
    for (const list of [
      `${timestamp},${value}`,
      `${timestamp.replace('=1', '=2')},${value}`,
      value.slice(timestamp.length),
    ]) {
      assert.equal(judged(scheme, [header, list], Buffer.from('{}'), ['s3cret']).reason, 'bad_timestamp', list);
    }
  }
});

test('of a form Gitea signs the JSON, and a form of more than that is refused', () => {
  const gitea = presetScheme('gitea');
  const json = Buffer.from('{"note": "a+b é 100%"}');
  const hex = Buffer.from(mac.hmac('sha256', Buffer.from('s3cret'), json)).toString('hex');
  const form = Buffer.from(formBody(json));
  const reason = (type: string, bytes: Buffer) =>
    judged(gitea, ['Content-Type', type, 'X-Gitea-Signature', hex], bytes, ['s3cret']).reason;
  const FORM = 'application/x-www-form-urlencoded';
  for (const type of [FORM, `${FORM}; charset=UTF-8`, FORM.toUpperCase(), `${FORM} ;x`])
    assert.equal(reason(type, form), null);
  assert.equal(reason('application/json', json), null);
  assert.equal(reason('application/json', form), 'mismatch');
  assert.equal(reason(`${FORM}x`, form), 'mismatch');
  for (const more of [`${form}&a=b`, `a=b&${form}`, `${form}&payload=%7B%7D`, `x${form}`, '', `${json}`]) {
    assert.equal(reason(FORM, Buffer.from(more)), 'bad_form', more);
  }
});

test('basic compares user and password as one, and takes the word in any case and nothing else', () => {
  const basic = presetScheme('basic');
  const sentAs = (value: string, secrets = ['hook:p:wörds']) =>
    judged(basic, ['authorization', value], new Uint8Array(0), secrets);
  const credentials = Buffer.from('hook:p:wörds').toString('base64');
  assert.deepEqual(sentAs(`Basic ${credentials}`), { ok: true, scheme: 'basic', reason: null });
  assert.equal(sentAs(`bAsIc ${credentials}`, ['other:one', 'hook:p:wörds']).ok, true);
  const cases: readonly (readonly [string, string])[] = [
    [`Basic ${Buffer.from('hook:p').toString('base64')}`, 'mismatch'],
    [`Basic ${Buffer.from('hoo:p:wörds').toString('base64')}`, 'mismatch'],
    [`Bearer ${credentials}`, 'bad_prefix'],
    [credentials, 'bad_prefix'],
    [`Basic  ${credentials}`, 'bad_encoding'],
    [`Basic ${credentials} `, 'bad_encoding'],
    [`Basic ${credentials.replace(/=+$/, '')}`, 'bad_encoding'],
    ['Basic ', 'mismatch'],
  ];
  for (const [value, reason] of cases) assert.equal(sentAs(value).reason, reason, value);
  for (const blank of ['hook', 'hook:', ':', '']) {
    const own = `Basic ${Buffer.from(blank).toString('base64')}`;
    assert.equal(sentAs(own, [blank]).reason, 'empty_secret', blank);
  }
  assert.equal(sentAs(`Basic ${Buffer.from(':token').toString('base64')}`, [':token']).ok, true);
});
