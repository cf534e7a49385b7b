import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { attemptsOf, deliveryOf, openJourney, publish, subscribe } from '../support/journey.ts';

const directory = mkdtempSync(join(tmpdir(), 'hookyard-secrets-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const TOKEN = 'not-to-be-seen-token-5d1c';
const KEY = 'not-to-be-seen-key-77ab';
writeFileSync(join(directory, 'acme'), `${KEY}\n`);

const journey = await openJourney({
  flags: ['--secrets', directory, '--log-level', 'debug'],
  env: { HOOKYARD_SECRET_TOKEN: TOKEN, PRIVATE: 'never' },
});
after(journey.close);
const { hookyard } = journey;
const { api, logged, logs } = hookyard;

test('a credential and a signing secret that stand elsewhere are used and never shown', async () => {
  const receiver = await journey.receiver();
  const bearer = { authType: 'bearer', credentialRef: 'env:HOOKYARD_SECRET_TOKEN', events: ['by.token'] };
  await subscribe(hookyard, receiver.url, bearer);
  await subscribe(hookyard, receiver.url, { authType: 'signature', secretRef: 'file:acme', events: ['by.key'] });
  const shown: string[] = [];
  for (const type of ['by.token', 'by.key']) {
    const event = await publish(hookyard, type);
    const delivery = await deliveryOf(hookyard, event.id, ({ status }) => status === 'succeeded');
    shown.push(JSON.stringify(await attemptsOf(hookyard, delivery.id)));
  }
  const [first, second] = receiver.requests;
  assert.equal(first?.headers.authorization, `Bearer ${TOKEN}`);
  const body = second?.rawBody ?? Buffer.alloc(0);
  const signature = createHmac('sha256', KEY).update(body).digest('hex');
  assert.equal(second?.headers['x-stella-signature'], signature);
  assert.ok(shown[0]?.includes('[from env:HOOKYARD_SECRET_TOKEN]'));
  assert.ok(shown[1]?.includes('[from file:acme]'));
  const listed = (await api('GET', '/api/v1/webhook-subscriptions')).text;
  for (const text of [...shown, listed, await logs()]) assert.doesNotMatch(text, /not-to-be-seen/);
});

test('while it is missing nothing is sent and no try is used; a test says so in words', async () => {
  const receiver = await journey.receiver();
  const fields = { authType: 'signature', secretRef: 'file:coming', events: ['by.missing'] };
  const id = await subscribe(hookyard, receiver.url, fields);
  const event = await publish(hookyard, 'by.missing');
  await logged('delivery.secret_unavailable');
  const waiting = await deliveryOf(hookyard, event.id, () => true);
  assert.deepEqual([waiting.status, waiting.attempts, receiver.requests.length], ['pending', 0, 0]);
  assert.deepEqual(
    [waiting.heldReason, waiting.heldCause],
    ['secret', 'The secret file:coming cannot be read: there is no such file.'],
  );
  const tried = await api('POST', `/api/v1/webhook-subscriptions/${id}/test`, { event: 'release.created' });
  assert.deepEqual(
    [tried.data.success, tried.data.code, tried.data.errorClass],
    [false, 'secret_unavailable', 'internal'],
  );
  assert.equal(tried.data.error, 'The secret file:coming cannot be read: there is no such file.');
  writeFileSync(join(directory, 'coming'), KEY);
  await eventually('the secret is read again', async () => {
    const again = await api('POST', `/api/v1/webhook-subscriptions/${id}/test`, { event: 'release.created' });
    return again.data.success === true ? true : null;
  });
});

test('what the operator did not set aside cannot be referred to', async () => {
  const receiver = await journey.receiver();
  for (const secretRef of ['env:PRIVATE', 'env:HOOKYARD_API_KEY', 'file:../acme', 'vault:acme', 'acme']) {
    const body = { name: 'bad', url: receiver.url, authType: 'signature', secretRef };
    const { status, problem } = await api('POST', '/api/v1/webhook-subscriptions', body);
    assert.deepEqual([status, problem.errors?.map(({ pointer }) => pointer)], [400, ['/secretRef']], secretRef);
  }
  const outside = await subscribe(hookyard, receiver.url, { authType: 'signature', secretRef: 'file:/etc/hostname' });
  const tried = await api('POST', `/api/v1/webhook-subscriptions/${outside}/test`, { event: 'release.created' });
  assert.deepEqual([tried.data.code, receiver.requests.length], ['secret_unavailable', 0]);
});
