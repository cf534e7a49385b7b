import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  distantAuthority,
  distantCertificate,
  intermediate,
  selfSignedCertificate,
  testOnlyAuthority,
  testOnlyKey,
  validCertificate,
} from '../support/certificates.ts';
import { deliveryOf, openJourney, patch, publish, subscribe } from '../support/journey.ts';
import { assertProblem } from '../support/problems.ts';
import { startReceiver } from '../support/receiver.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;
const { api, logged } = hookyard;

let types = 0;

/** What becomes of an event for a receiver with this certificate. */
async function outcome(certificate: string, fields: Readonly<Record<string, unknown>>) {
  const receiver = await startReceiver({ tls: { key: testOnlyKey, certificate } });
  const type = `trust.n${types++}`;
  const id = await subscribe(hookyard, receiver.url, { events: [type], retryPolicy: { maxRetries: 0 }, ...fields });
  const delivered = async () => {
    const event = await publish(hookyard, type);
    const { status, code } = await deliveryOf(hookyard, event.id, ({ closedAt }) => closedAt !== null);
    return code ?? status;
  };
  return { id, delivered, close: receiver.close };
}

const TRUSTED: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ['an unknown authority', validCertificate, { customCa: testOnlyAuthority }],
  ['somebody, itself being known', validCertificate, { customCa: validCertificate }],
  ['an authority behind an intermediate', distantCertificate + intermediate, { customCa: distantAuthority }],
  ['an intermediate that it does not show', distantCertificate, { customCa: intermediate + distantAuthority }],
  ['nobody who is asked for', selfSignedCertificate, { sslVerification: false }],
];

for (const [by, certificate, fields] of TRUSTED) {
  test(`a certificate signed by ${by} is taken by the subscription that says so, and by no other`, async (t) => {
    const strict = await outcome(certificate, {});
    t.after(strict.close);
    const trusting = await outcome(certificate, fields);
    t.after(trusting.close);
    assert.deepEqual([await strict.delivered(), await trusting.delivered()], ['tls_untrusted', 'succeeded']);
    assert.equal(await strict.delivered(), 'tls_untrusted');
  });
}

test('a subscription that verifies again does so at once, although connections are open', async (t) => {
  const receiver = await outcome(validCertificate, { sslVerification: false });
  t.after(receiver.close);
  assert.equal(await receiver.delivered(), 'succeeded');
  await patch(hookyard, receiver.id, { sslVerification: true });
  assert.equal(await receiver.delivered(), 'tls_untrusted');
  await patch(hookyard, receiver.id, { customCa: testOnlyAuthority });
  assert.equal(await receiver.delivered(), 'succeeded');
  await patch(hookyard, receiver.id, { customCa: null });
  assert.equal(await receiver.delivered(), 'tls_untrusted');
});

test('an operator and a reader of the API are told of a receiver that nobody verifies', async (t) => {
  const receiver = await outcome(selfSignedCertificate, { sslVerification: false });
  t.after(receiver.close);
  const shown = await api<{ warnings: string[] }>('GET', `/api/v1/webhook-subscriptions/${receiver.id}`);
  assert.equal(shown.data.warnings.length, 1);
  await logged('subscription.tls_unverified');
});

test('what is no certificate is refused when it is saved', async () => {
  for (const customCa of [
    'our own',
    testOnlyKey,
    validCertificate + testOnlyKey,
    `${validCertificate.slice(0, 300)}`,
  ]) {
    const answer = await api('POST', '/api/v1/webhook-subscriptions', {
      name: 'bad',
      url: 'https://127.0.0.1/',
      customCa,
    });
    assertProblem(answer, 'validation_failed');
    assert.deepEqual(
      answer.problem.errors?.map(({ pointer }) => pointer),
      ['/customCa'],
    );
  }
});
