/**
 * Secrets are let loose in every place that takes one, in use, in failure and in refusal; then everything the process
 * wrote or answered is searched for them, in each form they could have been written in.
 */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY, apiOf } from '../support/hookyard.ts';
import { type DeliveryShown, openJourney, publish } from '../support/journey.ts';

const SUBSCRIPTIONS = '/api/v1/webhook-subscriptions';
const SOURCES = '/api/v1/sources';

const journey = await openJourney({ flags: ['--log-level', 'debug'] });
after(journey.close);
const { hookyard } = journey;
const outside = apiOf(hookyard.url, null);

/** Name → secret, of everything that must not be seen again. */
const canaries = new Map<string, string>();
/** Every answer but the one that shows a secret for its only time. */
const answers: string[] = [];

/** A fresh secret with characters that every encoding writes differently. */
function canary(name: string): string {
  const secret = `${name.replaceAll(' ', '-')}/${randomBytes(12).toString('hex')}+x=`;
  canaries.set(name, secret);
  return secret;
}

async function ask(...call: Parameters<typeof hookyard.api>): Promise<Awaited<ReturnType<typeof hookyard.api>>> {
  const answer = await hookyard.api(...call);
  answers.push(`${call[0]} ${call[1]} ${[...answer.headers].flat().join(' ')} ${answer.text}`);
  return answer;
}

/** How a secret may be written: as it is, hex, URL-encoded, and base64 at each of its three alignments. */
function formsOf(secret: string): { form: string; bytes: Buffer }[] {
  const bytes = Buffer.from(secret);
  const aligned = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The characters at both ends also depend on what stands beside the secret.
    const own = text.slice(shift === 0 ? 0 : shift + 1, -2);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const hex = bytes.toString('hex');
  const written = { raw: secret, json: JSON.stringify(secret).slice(1, -1), hex, HEX: hex.toUpperCase() };
  return [
    ...Object.entries({ ...written, url: encodeURIComponent(secret), form: encodeURIComponent(secret).toLowerCase() }),
    ...aligned.map((text, at): [string, string] => [`base64 ${at}`, text]),
  ].map(([form, text]) => ({ form, bytes: Buffer.from(text) }));
}

function findings(places: ReadonlyMap<string, Buffer>, secrets: ReadonlyMap<string, string> = canaries): string[] {
  return [...places].flatMap(([place, content]) =>
    [...secrets].flatMap(([name, secret]) =>
      formsOf(secret).flatMap(({ form, bytes }) => (content.includes(bytes) ? [`${name} as ${form} in ${place}`] : [])),
    ),
  );
}

/** What stands in the data directory, without the two files whose purpose is to hold a secret. */
function files(): Map<string, Buffer> {
  const names = readdirSync(hookyard.dataDirectory).filter((name) => !['keyring.json', 'admin-api-key'].includes(name));
  return new Map(names.map((name) => [name, readFileSync(join(hookyard.dataDirectory, name))]));
}

const receiver = await journey.receiver((received) => {
  if (received.path.startsWith('/broken')) return { kind: 'reset', when: 'before_answer' };
  const status = received.path.startsWith('/failing') ? 500 : 200;
  // A receiver that gives its credentials back is no reason to keep them, whatever its headers are called.
  const { path, headers, rawHeaders, rawBody } = received;
  const own = [headers.authorization, headers['x-api-key'], headers['x-github-event']].join(', ');
  return {
    kind: 'status',
    status,
    headers: { 'set-cookie': 'session=1', 'x-echo': own, server: own, via: path },
    body: `POST ${path}\n${rawHeaders.join('\n')}\n${JSON.stringify({ path, headers })}\n${rawBody}`,
  };
});

/** Ways to authenticate at a receiver, each with a secret of its own. */
const CREDENTIALS: readonly { name: string; fields: () => Readonly<Record<string, unknown>> }[] = [
  { name: 'signature', fields: () => ({ authType: 'signature', signatureSecret: canary('signature secret') }) },
  { name: 'bearer', fields: () => ({ authType: 'bearer', bearerToken: canary('bearer token') }) },
  {
    name: 'basic',
    fields: () => ({ authType: 'basic', basicUsername: 'ada', basicPassword: canary('basic password') }),
  },
  {
    name: 'header',
    fields: () => ({ authType: 'header', authHeader: { name: 'X-Api-Key', value: canary('own header') } }),
  },
  {
    name: 'header with a harmless name',
    fields: () => ({ authType: 'header', authHeader: { name: 'X-GitHub-Token', value: canary('GitHub header') } }),
  },
  {
    name: 'header that is shown elsewhere',
    fields: () => ({ authType: 'header', authHeader: { name: 'X-GitHub-Event', value: canary('shown header') } }),
  },
  { name: 'custom headers', fields: () => ({ headers: { 'X-Deploy-Token': canary('custom header') } }) },
];

async function subscribeAll(): Promise<void> {
  for (const path of ['fine', 'failing', 'broken']) {
    for (const { name, fields } of CREDENTIALS) {
      const url = `${receiver.url}/${path}?key=${encodeURIComponent(canary(`query of ${path} ${name}`))}`;
      const retryPolicy = { maxRetries: 1, backoffType: 'fixed', backoffSeconds: 0.05 };
      const body = { name, url, retryPolicy, events: ['canary.sung'], ...fields() };
      const made = await hookyard.api('POST', SUBSCRIPTIONS, body, {
        'Idempotency-Key': `make-${path}-${name}`.replaceAll(' ', '-'),
      });
      assert.equal(made.status, 201, made.text);
    }
  }
  const generated = await hookyard.api<{ signatureSecret: string }>(
    'POST',
    SUBSCRIPTIONS,
    { name: 'generated', url: `${receiver.url}/fine`, profile: 'standard', events: ['canary.sung'] },
    { 'Idempotency-Key': 'make-generated' },
  );
  canaries.set('generated signing secret', generated.data.signatureSecret);
  canaries.set('its base64', generated.data.signatureSecret.replace('whsec_', ''));
}

const PUSH = JSON.stringify({ image: 'images.example.net/coast/lighthouse:2.4.0' });

async function pushAll(): Promise<void> {
  for (const header of ['Authorization', 'X-Harbor-Token', 'X-GitHub-Event']) {
    const secret = canary(`token in ${header}`);
    const scheme = { type: 'token', header };
    const made = await hookyard.api<{ urls: { typed: string } }>('POST', SOURCES, { type: 'harbor', scheme, secret });
    assert.equal(made.status, 201, made.text);
    answers.push((await outside('POST', made.data.urls.typed, PUSH, { [header]: secret })).text);
    answers.push((await outside('POST', made.data.urls.typed, PUSH, { [header]: canary(`wrong ${header}`) })).text);
  }
  const secret = canary('HMAC secret');
  const made = await hookyard.api<{ urls: { typed: string } }>('POST', SOURCES, { type: 'native', secret });
  const signature = `sha256=${createHmac('sha256', secret).update(PUSH).digest('hex')}`;
  for (const value of [signature, `sha256=${'0'.repeat(64)}`, canary('secret sent as signature')]) {
    answers.push((await outside('POST', made.data.urls.typed, PUSH, { 'X-Hub-Signature-256': value })).text);
  }
  const hub = await hookyard.api<{ urls: { secret: string } }>('POST', SOURCES, {
    type: 'native',
    scheme: { type: 'url' },
  });
  answers.push((await outside('POST', hub.data.urls.secret, PUSH)).text);
  urlKeys.set('secret URL', hub.data.urls.secret.split('/').at(-1) ?? '');
}

/** Shown to those who may change a source, so only files, logs and metrics are searched for them. */
const urlKeys = new Map<string, string>();

/** Mistakes that carry a secret in the wrong place. */
async function blunder(): Promise<void> {
  const wrong = canary('secret in a mistake');
  const good = { name: 'n', url: `${receiver.url}/` };
  const mistakes: unknown[] = [
    `{"signatureSecret":"${wrong}",`,
    { ...good, url: `https://ada:${wrong}@example.com/` },
    { ...good, url: `${wrong}://example.com/` },
    { ...good, signatureSecret: [wrong] },
    { ...good, authType: wrong },
    { ...good, authType: 'none', bearerToken: wrong },
    { ...good, authType: 'bearer', bearerToken: `${wrong}\n` },
    { ...good, headers: { 'X-A': `${wrong}\r\n` } },
    { ...good, headers: { Authorization: wrong }, authType: 'bearer', bearerToken: wrong },
  ];
  for (const mistake of mistakes) assert.equal((await ask('POST', SUBSCRIPTIONS, mistake)).status, 400);
  assert.equal((await ask('POST', SOURCES, { type: 'dockerhub', secret: wrong })).status, 400);
  answers.push((await apiOf(hookyard.url, wrong)('GET', SUBSCRIPTIONS)).text);
  answers.push((await outside('POST', `/api/webhook/${encodeURIComponent(wrong)}`, PUSH)).text);
}

/** One for each way at each of three receivers, and one for the generated secret. */
const SETTLED_DELIVERIES = CREDENTIALS.length * 3 + 1;

await subscribeAll();
await pushAll();
await blunder();
const key = await hookyard.api<{ key: string }>('POST', '/api/v1/keys', { name: 'reader', role: 'viewer' });
canaries.set('made API key', key.data.key);
canaries.set('admin API key', ADMIN_KEY);
const reader = apiOf(hookyard.url, key.data.key);
const { id: eventId } = await publish(
  hookyard,
  'canary.sung',
  {},
  { headers: { 'X-Run-Token': canary('event header') } },
);
const deliveries = await eventually('all deliveries to be settled', async () => {
  const { data } = await ask('GET', `/api/v1/deliveries?eventId=${eventId}&pageSize=100`);
  const shown = data as unknown as DeliveryShown[];
  return shown.length === SETTLED_DELIVERIES && shown.every(({ closedAt }) => closedAt !== null) ? shown : null;
});

async function readEverything(): Promise<void> {
  const lists = [SUBSCRIPTIONS, SOURCES, '/api/v1/keys', '/api/v1/events', '/api/v1/deliveries', '/api/v1/receipts'];
  for (const path of lists) {
    const { data } = await ask('GET', `${path}?pageSize=200`);
    for (const { id } of data as unknown as { id: string }[]) {
      if (path !== '/api/v1/keys') await ask('GET', `${path}/${id}`);
    }
  }
  for (const { id, subscriptionId } of deliveries) {
    await ask('GET', `/api/v1/deliveries/${id}/attempts`);
    await ask('GET', `${SUBSCRIPTIONS}/${subscriptionId}/deliveries`);
    await ask('POST', `${SUBSCRIPTIONS}/${subscriptionId}/test`, { event: 'release.created' });
    await ask('PATCH', `${SUBSCRIPTIONS}/${subscriptionId}`, { description: 'changed' });
  }
  await ask('GET', '/readyz');
  await ask('GET', '/api/v1/openapi.json');
}

await readEverything();
const metrics = (await outside('GET', '/metrics')).text;

/** The canaries that an answer may not show; a receiver's URL is shown to those who may read its subscription. */
const unshown = new Map([...canaries].filter(([name]) => !name.startsWith('query of')));

test('the search finds a secret in each of its forms', () => {
  const secret = canaries.get('bearer token') ?? '';
  const hidden = ['', 'a', 'ab'].map((before) => Buffer.from(`${before}${secret}z`).toString('base64'));
  for (const written of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex'), ...hidden]) {
    assert.notDeepEqual(findings(new Map([['here', Buffer.from(`x${written}y`)]])), [], written);
  }
});

test('receivers did get their credentials', () => {
  const headers = receiver.requests.flatMap(({ rawHeaders }) => rawHeaders);
  for (const name of ['bearer token', 'own header', 'GitHub header', 'shown header', 'custom header', 'event header']) {
    const secret = canaries.get(name) ?? '';
    assert.ok(
      headers.some((value) => value.includes(secret)),
      name,
    );
  }
});

test('no answer shows a secret', () => {
  assert.deepEqual(findings(new Map(answers.map((text) => [text.slice(0, 90), Buffer.from(text)])), unshown), []);
});

test('a viewer is not shown a secret URL', async () => {
  const { text } = await reader('GET', SOURCES);
  assert.deepEqual(
    findings(new Map([['the list of sources', Buffer.from(text)]]), new Map([...unshown, ...urlKeys])),
    [],
  );
});

test('the metrics hold no secret', () => {
  assert.deepEqual(findings(new Map([['/metrics', Buffer.from(metrics)]]), new Map([...canaries, ...urlKeys])), []);
});

test('the log holds no secret, at its most talkative', async () => {
  const log = await hookyard.logs();
  assert.ok(log.length > 1000, 'there is a log');
  assert.deepEqual(findings(new Map([['the log', Buffer.from(log)]]), new Map([...canaries, ...urlKeys])), []);
});

test('fingerprints of secrets stand in answers alone', async () => {
  const { data } = await hookyard.api('GET', `${SUBSCRIPTIONS}?pageSize=200`);
  const shown = data as unknown as { signatureSecretFingerprint: string | null }[];
  const fingerprints = shown.flatMap(({ signatureSecretFingerprint: one }) => (one === null ? [] : [one]));
  // Of three receivers with a secret of their own, and of the generated one.
  assert.equal(new Set(fingerprints).size, 4);
  const places = new Map(Object.entries({ 'the log': await hookyard.logs(), '/metrics': metrics }));
  for (const [place, text] of places) for (const one of fingerprints) assert.ok(!text.includes(one), place);
});

test('the files hold no secret, while the process runs and after it was killed', async () => {
  const secrets = new Map([...canaries, ...urlKeys]);
  // A publisher's headers are part of its event, like its data, and are kept with it; they are only never shown.
  secrets.delete('event header');
  const running = files();
  assert.ok((running.get('hookyard.db')?.length ?? 0) + (running.get('hookyard.db-wal')?.length ?? 0) > 10_000);
  assert.deepEqual(findings(running, secrets), []);
  await hookyard.kill('SIGKILL');
  assert.deepEqual(findings(files(), secrets), []);
});
