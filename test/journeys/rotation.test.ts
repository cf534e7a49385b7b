import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { subscribe } from '../support/journey.ts';
import type { Received } from '../support/receiver.ts';
import { openTimedJourney, type TimedJourney } from '../support/timed-journey.ts';

const HOUR_MS = 3_600_000;
const OLD = `whsec_${Buffer.from('the old secret of this journey!!').toString('base64')}`;

interface Rotated {
  signatureSecret?: string;
  oldSecretsUntil: string | null;
  version: number;
}

async function rotated(journey: TimedJourney, id: string, body: object): Promise<Rotated> {
  const path = `/api/v1/webhook-subscriptions/${id}/secret/rotate`;
  const { status, data, text } = await journey.api<Rotated>('POST', path, body);
  assert.equal(status, 200, text);
  return data;
}

/** Whether a receiver that knows this secret alone takes a request for genuine, at the time it was sent. */
function verifies(context: TestContext, { rawBody, headers }: Received, secret: string): boolean {
  context.mock.timers.enable({ apis: ['Date'], now: 1000 * Number(headers['webhook-timestamp']) });
  try {
    new Webhook(secret).verify(rawBody.toString(), headers as Record<string, string>);
    return true;
  } catch {
    return false;
  } finally {
    context.mock.timers.reset();
  }
}

const isHexOf = (signature: unknown, { rawBody }: Received, secret: string): boolean =>
  signature === createHmac('sha256', secret).update(rawBody).digest('hex');

async function sent(journey: TimedJourney, receiver: Awaited<ReturnType<TimedJourney['receiver']>>): Promise<Received> {
  const before = receiver.requests.length;
  const { status, text } = await journey.api('POST', '/api/v1/events', { type: 'a.b', data: { n: before } });
  assert.equal(status, 202, text);
  await receiver.waitFor((requests) => requests.length > before);
  const received = receiver.requests.at(-1);
  assert.ok(received !== undefined);
  return received;
}

test('a standard receiver verifies with the old secret until the grace ends, and with the new one at once', async (context) => {
  const journey = await openTimedJourney();
  context.after(journey.close);
  const receiver = await journey.receiver();
  const id = await subscribe(journey, receiver.url, { profile: 'standard', signatureSecret: OLD });
  const { signatureSecret = '', oldSecretsUntil } = await rotated(journey, id, { graceSeconds: 7200 });
  assert.match(signatureSecret, /^whsec_/);
  assert.ok(oldSecretsUntil !== null);
  const between = await sent(journey, receiver);
  assert.deepEqual(
    [OLD, signatureSecret].map((secret) => verifies(context, between, secret)),
    [true, true],
  );
  assert.equal(String(between.headers['webhook-signature']).split(' ').length, 2);
  await journey.leap(HOUR_MS);
  assert.equal(verifies(context, await sent(journey, receiver), OLD), true);
  await journey.leap(HOUR_MS);
  const afterwards = await sent(journey, receiver);
  assert.deepEqual(
    [OLD, signatureSecret].map((secret) => verifies(context, afterwards, secret)),
    [false, true],
  );
  assert.equal(String(afterwards.headers['webhook-signature']).split(' ').length, 1);
});

test('a stella receiver has the old signature where it looks and the new one beside it, until the grace ends', async (context) => {
  const journey = await openTimedJourney();
  context.after(journey.close);
  const receiver = await journey.receiver();
  const id = await subscribe(journey, receiver.url, { authType: 'signature', signatureSecret: 'old' });
  assert.equal((await sent(journey, receiver)).headers['x-stella-signature-next'], undefined);
  const answer = await rotated(journey, id, { secret: 'new' });
  assert.equal(answer.signatureSecret, undefined);
  const between = await sent(journey, receiver);
  assert.ok(isHexOf(between.headers['x-stella-signature'], between, 'old'));
  assert.ok(isHexOf(between.headers['x-stella-signature-next'], between, 'new'));
  await journey.leap(24 * HOUR_MS + 1000);
  const afterwards = await sent(journey, receiver);
  assert.ok(isHexOf(afterwards.headers['x-stella-signature'], afterwards, 'new'));
  assert.equal(afterwards.headers['x-stella-signature-next'], undefined);
});

test('without a grace the old secret verifies nothing any more, also after a restart', async (context) => {
  const journey = await openTimedJourney();
  context.after(journey.close);
  const receiver = await journey.receiver();
  const id = await subscribe(journey, receiver.url, { profile: 'standard', signatureSecret: OLD });
  const { signatureSecret = '', oldSecretsUntil } = await rotated(journey, id, { graceSeconds: 0 });
  assert.equal(oldSecretsUntil, null);
  await journey.restart();
  const received = await sent(journey, receiver);
  assert.deepEqual(
    [OLD, signatureSecret].map((secret) => verifies(context, received, secret)),
    [false, true],
  );
});
