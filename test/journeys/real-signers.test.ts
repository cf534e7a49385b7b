import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sign as signForGitHub } from '@octokit/webhooks-methods';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { openJourney } from '../support/journey.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

const SECRET = 'the secret of a real sender';
const WHSEC = `whsec_${Buffer.from(SECRET).toString('base64')}`;
const BODY = JSON.stringify({ image: 'registry.example.com/acme/checkout:2.4.0' });

interface Signer {
  name: string;
  scheme: Readonly<Record<string, string>>;
  secret: string;
  headers(body: string): Promise<Record<string, string>> | Record<string, string>;
}

function standard(family: string, id: string, signature: (at: Date) => string): Record<string, string> {
  const at = new Date();
  const seconds = `${Math.floor(at.getTime() / 1000)}`;
  return { [`${family}-id`]: id, [`${family}-timestamp`]: seconds, [`${family}-signature`]: signature(at) };
}

/** Libraries that senders sign with, each with the scheme of a source that takes what they make. */
const SIGNERS: readonly Signer[] = [
  {
    name: 'standardwebhooks',
    scheme: { type: 'standard-webhooks' },
    secret: WHSEC,
    headers: (body) => standard('webhook', 'msg_1', (at) => new StandardWebhook(WHSEC).sign('msg_1', at, body)),
  },
  {
    name: 'svix',
    scheme: { type: 'standard-webhooks', header: 'svix-signature' },
    secret: WHSEC,
    headers: (body) => standard('svix', 'msg_2', (at) => new SvixWebhook(WHSEC).sign('msg_2', at, body)),
  },
  {
    name: '@octokit/webhooks-methods',
    scheme: { type: 'github' },
    secret: SECRET,
    headers: async (body) => ({ 'X-Hub-Signature-256': await signForGitHub(SECRET, body) }),
  },
  {
    name: 'stripe',
    scheme: { type: 'stripe' },
    secret: WHSEC,
    headers: (payload) => ({
      'Stripe-Signature': Stripe.webhooks.generateTestHeaderString({ payload, secret: WHSEC }),
    }),
  },
];

for (const { name, scheme, secret, headers } of SIGNERS) {
  test(`what ${name} signs is taken, and nothing else that bears its signature`, async () => {
    const source = { type: 'native', scheme, secret };
    const made = await hookyard.api<{ urls: { typed: string } }>('POST', '/api/v1/sources', source);
    assert.equal(made.status, 201, made.text);
    const signed = await headers(BODY);
    const post = async (body: string) => (await hookyard.api('POST', made.data.urls.typed, body, signed)).status;
    assert.equal(await post(BODY), 200);
    assert.equal(await post(BODY.replace('2.4.0', '2.4.1')), 401);
  });
}
