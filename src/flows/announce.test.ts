import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventInput, subscribe } from '../../test/support/flows.ts';
import { type FakePorts, fakePorts } from '../../test/support/ports.ts';
import { type AnnouncedEvent, announcementFor } from '../core/announcement.ts';
import { NO_HEALTH } from '../core/health.ts';
import { DEFAULT_TENANT } from '../core/ids.ts';
import { announce } from './announce.ts';
import type { LiveSubscription } from './configuration.ts';
import { publish } from './publish.ts';

const OWNER = 'org:7/repo:42';

function warningOf(subscription: LiveSubscription, consecutiveFailures: number): AnnouncedEvent {
  const health = { ...NO_HEALTH, consecutiveFailures, firstFailureAtMs: 5, lastFailureAtMs: 9 };
  return announcementFor(subscription, health)?.event ?? assert.fail('there is news');
}

const events = (ports: FakePorts) => ports.store.events({ tenant: DEFAULT_TENANT, limit: 10 });

describe('news about a subscription', () => {
  test('is an event of its tenant and owner, from the system, with the data decided', async () => {
    const ports = fakePorts();
    const failing = await subscribe(ports, { owner: OWNER });
    const news = warningOf(failing, 25);
    const accepted = await announce(ports, failing, news);
    assert.equal(accepted.kind, 'accepted');
    const [event] = await events(ports);
    assert.ok(event !== undefined);
    assert.deepEqual([event.type, event.owner, event.tenant], ['subscription.warning', OWNER, DEFAULT_TENANT]);
    assert.deepEqual(event.source, { kind: 'system', id: failing.id });
    assert.deepEqual(JSON.parse(new TextDecoder().decode(event.data)), news.data);
  });

  test('goes to those who ask for it, and never to the subscription itself', async () => {
    const ports = fakePorts();
    const failing = await subscribe(ports, { owner: OWNER });
    const watching = await subscribe(ports, { owner: 'org:7', events: ['subscription.*'] });
    await subscribe(ports, { owner: 'org:70' });
    await announce(ports, failing, warningOf(failing, 25));
    const [handover] = ports.offered;
    assert.deepEqual(
      handover?.tickets.map(({ subscriptionId }) => subscriptionId),
      [watching.id],
    );
  });

  test('that was published before is published no second time, whatever its figures are now', async () => {
    const ports = fakePorts();
    const failing = await subscribe(ports);
    await announce(ports, failing, warningOf(failing, 25));
    const again = await announce(ports, failing, warningOf(failing, 26));
    assert.ok(again.kind === 'accepted' && again.repeats === 'id', JSON.stringify(again));
    await announce(ports, failing, warningOf(failing, 35));
    assert.equal((await events(ports)).length, 2);
  });

  test("whose id somebody else's event has is a problem, not told", async () => {
    const ports = fakePorts();
    const failing = await subscribe(ports);
    const news = warningOf(failing, 25);
    await publish(ports, eventInput(ports, { id: news.id }));
    assert.equal((await announce(ports, failing, news)).kind, 'problem');
  });
});
