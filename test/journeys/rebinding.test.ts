import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { attemptsOf, deliveryOf, openJourney, publish, subscribe } from '../support/journey.ts';
import { startNameServer } from '../support/name-server.ts';

const PUBLIC = '93.184.215.14';
const zone: Record<string, readonly string[]> = {};
const names = await startNameServer(zone);
after(names.close);
const journey = await openJourney({ env: names.env, allowed: null });
after(journey.close);
const { hookyard } = journey;

const REBOUND = [
  { name: 'this machine', addresses: ['127.0.0.1'] },
  { name: 'a private network', addresses: ['10.0.0.5'] },
  { name: 'the metadata service', addresses: ['169.254.169.254'] },
  { name: 'a public and a private address at once', addresses: [PUBLIC, '192.168.0.9'] },
];

for (const { name, addresses } of REBOUND) {
  test(`a name that leads to ${name} once its subscription is saved is refused at delivery, for good`, async () => {
    const host = `rebound-${addresses.length}-${addresses[0]?.replaceAll('.', '-')}.journey.test`;
    const receiver = await journey.receiver();
    zone[host] = [PUBLIC];
    const type = `rebound.${addresses.join('-').replaceAll('.', '_')}`;
    await subscribe(hookyard, `https://${host}:${receiver.port}/`, { events: [type] });
    zone[host] = addresses;
    const { id } = await publish(hookyard, type);
    const delivery = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
    assert.deepEqual(
      [delivery.status, delivery.errorClass, delivery.code, delivery.statusCode],
      ['failed_permanent', 'blocked', 'ssrf_blocked', null],
    );
    assert.ok(delivery.error && delivery.remedy);
    const [attempt, ...more] = await attemptsOf(hookyard, delivery.id);
    assert.deepEqual([attempt?.sent, attempt?.remoteAddress, more.length], [false, null, 0]);
    const test = await hookyard.api('POST', `/api/v1/webhook-subscriptions/${delivery.subscriptionId}/test`, {
      event: 'release.created',
    });
    const { success, code, statusCode, error } = test.data;
    assert.deepEqual([test.status, success, code, statusCode], [200, false, 'ssrf_blocked', null]);
    assert.equal(error, delivery.error);
    assert.equal(receiver.connections(), 0, 'nothing was connected to');
  });
}

test('a name that does not resolve at delivery is tried again', async () => {
  const host = 'vanished.journey.test';
  zone[host] = [PUBLIC];
  await subscribe(hookyard, `https://${host}/`, {
    events: ['vanished.name'],
    retryPolicy: { maxRetries: 1, backoffType: 'fixed', backoffSeconds: 0.05 },
  });
  delete zone[host];
  const { id } = await publish(hookyard, 'vanished.name');
  const delivery = await deliveryOf(hookyard, id, ({ closedAt }) => closedAt !== null);
  assert.deepEqual([delivery.status, delivery.attempts, delivery.code], ['failed_permanent', 2, 'dns_not_found']);
});
