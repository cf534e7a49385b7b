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
import type { Scheme } from './scheme.ts';
import { presetScheme, type SchemeInput } from './schemes.ts';

const mac = createMac();

interface Sent {
  scheme: Scheme;
  headers: readonly string[];
  body?: string;
  secrets?: readonly string[];
}

function requestOf({ headers, body = BODY }: Sent) {
  return { headers: headerValues(headers), body: bytes(body), secretUrl: false };
}

function remedyOf(sent: Sent): string {
  const { scheme, secrets = [SECRET] } = sent;
  return diagnose(scheme, requestOf(sent), secrets, mac, NOW_SECONDS * 1000)?.remedy ?? '';
}

const PROPOSAL = /set `scheme` of the source to `(\{.*\})`/;

/** What a remedy says that would do at the source. */
function proposedIn(remedy: string): SchemeInput | null {
  const [, text] = PROPOSAL.exec(remedy) ?? [];
  return text === undefined ? null : JSON.parse(text);
}

const SLACK_TIME = ['X-Slack-Request-Timestamp', NOW];
const svix = hooks().map((text) => text.replace('webhook-', 'svix-'));

/** What the sender does, by the scheme of its source, and the settings by which it is right. */
const CURED: readonly (readonly [Sent, SchemeInput])[] = [
  [
    { scheme: standard, headers: svix, secrets: [WHSEC] },
    { type: 'standard-webhooks', header: 'svix-signature' },
  ],
  [
    { scheme: github, headers: ['X-Gitlab-Token', SECRET] },
    { type: 'token', header: 'X-Gitlab-Token' },
  ],
  [{ scheme: gitlab, headers: hub(BODY) }, { type: 'hmac-sha256' }],
  [
    { scheme: github, headers: ['X-Signature', hex(BODY)] },
    { type: 'hmac-sha256', header: 'X-Signature', prefix: '' },
  ],
  [
    { scheme: github, headers: ['X-Hub-Signature', hex(BODY)] },
    { type: 'hmac-sha256', header: 'X-Hub-Signature', prefix: '' },
  ],
  [{ scheme: github, headers: ['X-Hub-Signature', `sha1=${hex(BODY, SECRET, 'sha1')}`] }, { type: 'hmac-sha1' }],
  [{ scheme: github, headers: ['Authorization', `Basic ${asBase64('u:p')}`], secrets: ['u:p'] }, { type: 'basic' }],
  [
    { scheme: token, headers: ['X-Signature-256', hex(BODY)] },
    { type: 'hmac-sha256', header: 'X-Signature-256' },
  ],
  [{ scheme: gitlab, headers: ['Authorization', `Basic ${asBase64('u:p')}`], secrets: ['u:p'] }, { type: 'basic' }],
  [{ scheme: gitea, headers: ['X-Gitea-Signature', `sha256=${hex(BODY)}`] }, { type: 'hmac-sha256' }],
  [
    { scheme: gitea, headers: [...FORM, 'X-Gitea-Signature', hex(form(BODY))], body: form(BODY) },
    { type: 'hmac-sha256' },
  ],
  [
    { scheme: slack, headers: [...SLACK_TIME, 'X-Slack-Signature', `v1=${hex(`v0:${NOW}:${BODY}`)}`] },
    { type: 'hmac-sha256' },
  ],
  [
    { scheme: slack, headers: [...SLACK_TIME, 'X-Slack-Signature', `v0=${hex(`${NOW}.${BODY}`)}`] },
    { type: 'hmac-sha256', covers: 'timestamp.body' },
  ],
  [
    { scheme: standard, headers: hooks({ signature: b64(`msg_1.${NOW}.${BODY}`) }) },
    { type: 'hmac-sha256', covers: 'id.timestamp.body', prefix: '' },
  ],
  [
    { scheme: standard, headers: hooks({ signature: `v1,${hex(`msg_1.${NOW}.${BODY}`)}` }) },
    { type: 'hmac-sha256', prefix: 'v1,', encoding: 'hex' },
  ],
  [
    { scheme: presetScheme('circleci'), headers: ['circleci-signature', hex(BODY)] },
    { type: 'hmac-sha256', prefix: '' },
  ],
  [
    { scheme: github, headers: [HUB, `sha1=${hex(BODY, SECRET, 'sha1')}`] },
    { type: 'hmac-sha1', prefix: 'sha1=' },
  ],
];

for (const [sent, expected] of CURED) {
  test(`${JSON.stringify(sent.headers).slice(0, 90)} is taken by the settings that its remedy proposes`, () => {
    const proposed = proposedIn(remedyOf(sent));
    assert.ok(proposed !== null, remedyOf(sent));
    assert.deepEqual({ ...proposed, ...expected }, proposed);
    assert.equal(/with the same `secret` beside it/.test(remedyOf(sent)), custom(proposed).type !== sent.scheme.type);
    const { secrets = [SECRET] } = sent;
    assert.equal(verify(custom(proposed), requestOf(sent), secrets, mac, NOW_SECONDS * 1000).reason, null);
  });
}

test('no settings are proposed where none say what the sender does', () => {
  const others: readonly Sent[] = [
    { scheme: standard, headers: hooks({ signature: b64(BODY, KEY) }), secrets: [WHSEC] },
    { scheme: stripe, headers: ['Stripe-Signature', `t=${NOW},v1=${hex(BODY)}`] },
    { scheme: github, headers: [HUB, `other=${hex(BODY)}`] },
    { scheme: github, headers: ['Authorization', 'Bearer nothing'] },
    { scheme: github, headers: ['Authorization', `Basic ${asBase64('u:p')}`] },
    { scheme: github, headers: ['X-Signature', hex(BODY, 'another secret')] },
    { scheme: github, headers: ['X-Gitlab-Token', 'another secret'] },
    { scheme: github, headers: [HUB, `sha1=${hex(BODY, 'another secret', 'sha1')}`] },
    { scheme: standard, headers: hooks({ key: 'another' }).map((text) => text.replace('webhook-', 'svix-')) },
    { scheme: stripe, headers: ['Stripe-Signature', `t=${NOW_SECONDS - 7300},v1=${hex(BODY)}`] },
  ];
  for (const sent of others) assert.doesNotMatch(remedyOf(sent), /set `|raise/);
});
