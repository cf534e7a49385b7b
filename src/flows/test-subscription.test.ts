import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problemOf, subscribe } from '../../test/support/flows.ts';
import { answered, type FakePorts, fakePorts, unanswered } from '../../test/support/ports.ts';
import { DEFAULT_TENANT, type Id } from '../core/ids.ts';
import { sampleEvents } from '../core/sample-events.ts';
import type { Store } from '../ports.ts';
import { testSubscription } from './test-subscription.ts';

function sample(ports: FakePorts, id: Id, event = 'deployment.completed') {
  return testSubscription(ports, { tenant: DEFAULT_TENANT, id, event, by: null });
}

describe('a test of a subscription', () => {
  test('sends the sample to it alone, also where it is disabled, and is logged as a test', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports, { events: ['release.created'] }, false);
    await subscribe(ports);
    const tested = await sample(ports, id);
    assert.ok(tested.kind === 'tested');
    assert.equal(ports.sent.length, 1);
    const sent = JSON.parse(new TextDecoder().decode(ports.sent[0]?.body)) as { id: string; data: unknown };
    assert.deepEqual(sent.data, sampleEvents['deployment.completed']);
    assert.equal(sent.id, tested.deliveryId);
    const view = await ports.store.delivery(DEFAULT_TENANT, tested.deliveryId);
    assert.deepEqual([view?.kind, view?.subscriptionId, view?.open], ['test', id, null]);
    assert.deepEqual(view?.last, tested.attempt);
  });

  test('is tried once whatever the receiver does', async () => {
    for (const answer of [
      answered(500),
      answered(410),
      answered(500, { 'webhook-delivery': 'disable' }),
      unanswered('dns_timeout'),
    ]) {
      const ports = fakePorts();
      const { id } = await subscribe(ports, { profile: 'standard', retryPolicy: { maxAgeSeconds: 1, maxRetries: 5 } });
      ports.answers.push(answer);
      const tested = await sample(ports, id);
      assert.ok(tested.kind === 'tested');
      assert.equal(tested.attempt.closes, 'failed_permanent');
      assert.equal((await ports.store.delivery(DEFAULT_TENANT, tested.deliveryId))?.open, null);
    }
  });

  test('of a URL that may not be reached any more is a result like other failures, and is logged', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    ports.vetted.of = () => ({ kind: 'unresolved', host: 'x', failure: 'not_found' });
    ports.answers.push(unanswered('ssrf_blocked', { rule: 'scheme' }));
    const tested = await sample(ports, id);
    assert.ok(tested.kind === 'tested');
    assert.deepEqual([tested.attempt.failure, tested.attempt.sent], ['ssrf_blocked', false]);
    assert.deepEqual((await ports.store.delivery(DEFAULT_TENANT, tested.deliveryId))?.last, tested.attempt);
  });

  test('may be of what a source is told of, such as an image that was pushed', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    assert.equal((await sample(ports, id, 'image.pushed')).kind, 'tested');
    const { image } = JSON.parse(new TextDecoder().decode(ports.sent[0]?.body)).data;
    assert.deepEqual([image.repository, image.tag], ['acme/checkout', 'v2.4.0']);
  });

  test('needs a subscription and a sample', async () => {
    const ports = fakePorts();
    const { id } = await subscribe(ports);
    problemOf(await sample(ports, DEFAULT_TENANT), 'not_found');
    const refused = problemOf(await sample(ports, id, 'no.sample'), 'validation_failed');
    assert.equal(refused.errors?.[0]?.pointer, '/event');
    assert.match(refused.errors?.[0]?.message ?? '', /release\.created/);
  });

  test('goes through although the configuration changes meanwhile', async () => {
    const { store } = fakePorts();
    let stale = 1;
    const moving: Store = {
      ...store,
      append: async (request) =>
        stale-- > 0 ? { kind: 'stale', configVersion: request.configVersion } : store.append(request),
    };
    const ports = fakePorts({ store: moving });
    const { id } = await subscribe(ports);
    assert.equal((await sample(ports, id)).kind, 'tested');
  });
});
