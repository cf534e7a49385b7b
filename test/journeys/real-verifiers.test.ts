/** The libraries that receivers really use, over what really arrives: the keys, headers and bodies are all ours. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { verify as verifyGithub, verifyWithFallback } from '@octokit/webhooks-methods';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { openJourney, publish, subscribe } from '../support/journey.ts';
import type { Received } from '../support/receiver.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

const OLD = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const DATA = { text: 'Grüße, 世界 🚀', n: 1 };

/** The first request that a subscription with these fields leads to. */
async function sentWith(type: string, fields: Readonly<Record<string, unknown>>): Promise<Received> {
  const receiver = await journey.receiver();
  await subscribe(hookyard, receiver.url, { events: [type], signatureSecret: OLD, ...fields });
  await publish(hookyard, type, DATA);
  await receiver.waitFor((requests) => requests.length === 1);
  return receiver.requests[0] ?? assert.fail('a request arrived');
}

function headersOf({ headers }: Received): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

for (const profile of ['standard', 'stella'] as const) {
  for (const [library, Webhook] of [
    ['standardwebhooks', StandardWebhook],
    ['svix', SvixWebhook],
  ] as const) {
    test(`${profile} is accepted by ${library} with its secret, and with no other`, async () => {
      const received = await sentWith(`${profile}.${library}`, { profile });
      const body = received.rawBody.toString();
      assert.doesNotThrow(() => new Webhook(OLD).verify(body, headersOf(received)));
      assert.deepEqual(JSON.parse(body).data, DATA);
      const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
      assert.throws(() => new Webhook(other).verify(body, headersOf(received)), /No matching signature/);
      assert.throws(() => new Webhook(OLD).verify(`${body} `, headersOf(received)), /No matching signature/);
    });
  }
}

for (const contentType of ['json', 'form'] as const) {
  test(`forge as ${contentType} is accepted by the library of GitHub with its secret, and with no other`, async () => {
    const received = await sentWith(`github.${contentType}`, { profile: 'forge', contentType });
    const body = received.rawBody.toString();
    const signature = headersOf(received)['x-hub-signature-256'] ?? '';
    assert.equal(await verifyGithub(OLD, body, signature), true);
    assert.equal(await verifyGithub('another', body, signature), false);
    assert.equal(await verifyGithub(OLD, `${body} `, signature), false);
    assert.equal(await verifyWithFallback('new', body, signature, [OLD]), true);
  });
}
