/** Each profile on the wire: what its seed's own receiver reads, checks and takes for the same delivery. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { attemptsOf, type DeliveryShown, deliveryOf, openJourney, publish, subscribe } from '../support/journey.ts';
import type { Received } from '../support/receiver.ts';
import { verifyForeman, verifyInstanode, verifyStella } from '../support/seed-verifiers.ts';

const journey = await openJourney();
after(journey.close);
const { hookyard } = journey;

const SECRET = 'whsec_my-secret-key';
const AT_ONCE = { maxRetries: 1, backoffType: 'fixed', backoffSeconds: 0 };

function header(received: Received | undefined, name: string): string {
  return String(received?.headers[name] ?? '');
}

/** The headers that are the profile's own, or frame its body. */
function ownOf({ headers }: Received): Record<string, unknown> {
  const beside = /^(hookyard-|traceparent$|host$|connection$|accept|user-agent$|webhook-timestamp$|webhook-signature$)/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !beside.test(name)));
}

const flat = [
  {
    profile: 'instanode',
    type: 'deploy.failed',
    data: '{"event":"deploy.failed","deploy_id":"d-1","app_id":"a","url":"https://a.example","commit_id":null,"build_time":null,"duration_s":41,"error_message":"boom"}',
    signature: 'x-instanode-signature',
    verify: verifyInstanode,
  },
  {
    profile: 'foreman',
    type: 'job.done',
    data: '{"job_id":"j","state":"done","previous_state":"","timestamp":"2026-01-09T10:30:00Z","model":"","attempt":0,"result":{"n":1.0},"artifacts":null,"error":null}',
    signature: 'x-foreman-signature',
    verify: verifyForeman,
  },
  {
    profile: 'forge',
    type: 'push',
    data: '{"ref":"refs/heads/main", "commits":[]}',
    signature: 'x-hub-signature-256',
    verify: verifyInstanode,
  },
] as const;

for (const { profile, type, data, signature, verify } of flat) {
  test(`${profile} sends the event's own bytes, signed as its receivers check, and the same again when it retries`, async () => {
    const receiver = await journey.receiver([
      { kind: 'status', status: 500 },
      { kind: 'status', status: 200 },
    ]);
    const events = [type];
    await subscribe(hookyard, receiver.url, { profile, events, signatureSecret: SECRET, retryPolicy: AT_ONCE });
    const accepted = await hookyard.api<{ id: string }>('POST', '/api/v1/events', `{"type":"${type}","data":${data}}`);
    assert.equal(accepted.status, 202, accepted.text);
    const delivery = await deliveryOf(hookyard, accepted.data.id, ({ status }) => status === 'succeeded');
    const [first, second] = receiver.requests;
    assert.ok(first !== undefined && second !== undefined && receiver.requests.length === 2);
    for (const received of [first, second]) {
      assert.equal(received.rawBody.toString(), data);
      assert.equal(header(received, 'content-type'), 'application/json');
      assert.equal(verify(received.rawBody, header(received, signature), SECRET), true);
      assert.equal(verify(received.rawBody, header(received, signature), 'my-secret-key'), false);
    }
    assert.deepEqual(ownOf(second), ownOf(first));
    assert.deepEqual([header(first, 'hookyard-attempt'), header(second, 'hookyard-attempt')], ['1', '2']);
    const attempts = await attemptsOf(hookyard, delivery.id);
    assert.deepEqual(
      attempts.map(({ requestBody, requestHeaders }) => [requestBody, requestHeaders]),
      [first, second].map(({ headers }) => [data, { ...headers }]),
    );
  });
}

test('forge says event, delivery and key; a redelivery has another id and a key of no event over the same form', async () => {
  const receiver = await journey.receiver();
  const made = await hookyard.api<{ id: string; profile: string }>('POST', '/api/v1/webhook-subscriptions', {
    url: receiver.url,
    ownerKind: 'repo',
    ownerId: 42,
    events: ['push.form'],
    contentType: 'form',
    signatureSecret: SECRET,
  });
  assert.deepEqual([made.status, made.data.profile], [201, 'forge']);
  const data = '{"ref":"refs/heads/ä b", "n":1.0}';
  const body = `{"type":"push.form","owner":"org:7/repo:42","data":${data}}`;
  const { id } = (await hookyard.api<{ id: string }>('POST', '/api/v1/events', body)).data;
  const first = await deliveryOf(hookyard, id, ({ status }) => status === 'succeeded');
  const again = await hookyard.api<{ deliveryId: string }>('POST', `/api/v1/deliveries/${first.id}/redeliver`);
  assert.equal(again.status, 202, again.text);
  await receiver.waitFor((requests) => requests.length === 2);
  const [sent, resent] = receiver.requests;
  assert.ok(sent !== undefined && resent !== undefined);
  const keyOver = (eventId: string) =>
    createHash('sha256')
      .update(data + made.data.id + eventId)
      .digest('hex');
  const rows = [
    [sent, first.id, keyOver(id)],
    [resent, again.data.deliveryId, keyOver('')],
  ] as const;
  for (const [received, deliveryId, key] of rows) {
    assert.equal(header(received, 'content-type'), 'application/x-www-form-urlencoded');
    assert.deepEqual([...new URLSearchParams(received.rawBody.toString())], [['payload', data]]);
    assert.equal(verifyInstanode(received.rawBody, header(received, 'x-hub-signature-256'), SECRET), true);
    assert.equal(header(received, 'x-forge-event'), 'push.form');
    assert.equal(header(received, 'x-forge-delivery'), deliveryId);
    assert.equal(header(received, 'x-forge-idempotency-key'), key);
    const shown = await eventually(`delivery ${deliveryId}`, async () => {
      const { data: found } = await hookyard.api<DeliveryShown>('GET', `/api/v1/deliveries/${deliveryId}`);
      return found.status === 'succeeded' ? found : undefined;
    });
    assert.deepEqual([shown.idempotencyKey, shown.eventId], [key, received === sent ? id : null]);
    assert.equal(shown.body, received.rawBody.toString());
  }
});

test('stella as a form is what its receiver checks, and PUT is PUT', async () => {
  const receiver = await journey.receiver();
  const fields = { contentType: 'form', method: 'PUT', events: ['a.form'], signatureSecret: SECRET };
  await subscribe(hookyard, receiver.url, fields);
  await publish(hookyard, 'a.form', { text: 'a&b=c d' });
  await receiver.waitFor((requests) => requests.length === 1);
  const [received] = receiver.requests;
  assert.equal(received?.method, 'PUT');
  assert.equal(verifyStella(received.rawBody, header(received, 'x-stella-signature'), SECRET), true);
  const payload = JSON.parse(new URLSearchParams(received.rawBody.toString()).get('payload') ?? '');
  assert.deepEqual([payload.event, payload.data.text], ['a.form', 'a&b=c d']);
});

test('without a secret the flat profiles say nothing of who they are', async () => {
  const receiver = await journey.receiver();
  for (const profile of ['instanode', 'foreman']) {
    await subscribe(hookyard, receiver.url, { profile, events: ['bare.one'] });
  }
  await publish(hookyard, 'bare.one', {});
  await receiver.waitFor((requests) => requests.length === 2);
  for (const received of receiver.requests) {
    assert.deepEqual(Object.keys(ownOf(received)).sort(), ['content-length', 'content-type']);
  }
});

test('foreman tries again what others take for final', async () => {
  const receiver = await journey.receiver([301, 404, 410, 200].map((status) => ({ kind: 'status', status }) as const));
  await subscribe(hookyard, receiver.url, {
    profile: 'foreman',
    events: ['job.tried'],
    retryPolicy: { ...AT_ONCE, maxRetries: 5 },
  });
  const { id } = await publish(hookyard, 'job.tried', {});
  const delivery = await deliveryOf(hookyard, id, ({ status }) => status === 'succeeded');
  const attempts = await attemptsOf(hookyard, delivery.id);
  assert.deepEqual(
    attempts.map(({ statusCode }) => statusCode),
    [301, 404, 410, 200],
  );
});
