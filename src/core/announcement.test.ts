import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Announced, announcementFor } from './announcement.ts';
import { type Health, NO_HEALTH } from './health.ts';
import { sampleEvents } from './sample-events.ts';

const ID = '01994a3c-7b20-7abc-8def-0123456789ac';
const SINCE_MS = Date.UTC(2026, 2, 4, 9, 30);
const subscription: Announced & { config: object } = {
  id: ID,
  createdAtMs: 1000,
  updatedAtMs: SINCE_MS,
  state: { kind: 'active' },
  config: {
    name: 'chat',
    url: 'https://user:word@chat.example.com:8443/hooks/s3cret?key=s3cret',
    owner: 'org:7',
    profile: 'standard',
    autoDisableThreshold: null,
  },
};
const NAME = { id: ID, name: 'chat', host: 'chat.example.com:8443', owner: 'org:7' };
const off = (reason: 'user' | 'gone' | 'failures', sinceMs = SINCE_MS): Announced => ({
  ...subscription,
  state: { kind: 'disabled', reason, sinceMs },
});
const failed = (consecutiveFailures: number, toldPercent: Health['toldPercent'] = 0): Health => ({
  ...NO_HEALTH,
  consecutiveFailures,
  toldPercent,
  firstFailureAtMs: 5000,
  lastFailureAtMs: 5000 + consecutiveFailures,
});
const told = (toldPercent: Health['toldPercent']): Health => ({ ...NO_HEALTH, toldPercent });

describe('the owner of a subscription is told', () => {
  test('of the highest mark that its streak has passed, with the host and never the URL', () => {
    assert.equal(announcementFor(subscription, failed(24)), null);
    assert.deepEqual(announcementFor(subscription, failed(36)), {
      told: 70,
      event: {
        type: 'subscription.warning',
        id: `subscription.warning/${ID}/5000/70`,
        data: { subscription: NAME, consecutiveFailures: 36, threshold: 50, percent: 70 },
      },
    });
  });

  test('of a mark once', () => {
    assert.equal(announcementFor(subscription, failed(26, 50)), null);
    assert.equal(announcementFor(subscription, failed(26, 90)), null);
    assert.equal(announcementFor(subscription, failed(45, 70))?.told, 90);
  });

  test('that it is off, with the reason and since when, and once', () => {
    assert.deepEqual(announcementFor(off('failures'), failed(50, 90)), {
      told: 100,
      event: {
        type: 'subscription.disabled',
        id: `subscription.disabled/${ID}/${SINCE_MS}`,
        data: { subscription: NAME, reason: 'failures', since: '2026-03-04T09:30:00.000Z' },
      },
    });
    for (const reason of ['user', 'gone'] as const) assert.equal(announcementFor(off(reason), told(0))?.told, 100);
    assert.equal(announcementFor(off('gone'), told(100)), null);
  });

  test('that it is on again, when it was told that it is off', () => {
    assert.deepEqual(announcementFor(subscription, told(100)), {
      told: 0,
      event: {
        type: 'subscription.enabled',
        id: `subscription.enabled/${ID}/${SINCE_MS}`,
        data: { subscription: NAME },
      },
    });
    const paused: Announced = { ...subscription, state: { kind: 'paused', sinceMs: 1 } };
    assert.equal(announcementFor(paused, told(100))?.event?.type, 'subscription.enabled');
  });

  test('nothing about one that was created switched off', () => {
    assert.equal(announcementFor(off('user', 1000), told(0)), null);
    assert.equal(announcementFor(off('failures', 1000), told(0))?.told, 100);
  });

  test('nothing when a streak is over; the next one is told anew', () => {
    assert.equal(announcementFor(subscription, NO_HEALTH), null);
    assert.deepEqual(announcementFor(subscription, told(70)), { event: null, told: 0 });
    const next = { ...failed(25), firstFailureAtMs: 9000 };
    assert.equal(announcementFor(subscription, next)?.event?.id, `subscription.warning/${ID}/9000/50`);
  });

  test('no warning of a streak that switches it off, but that it is off', () => {
    const own = { ...subscription, config: { ...subscription.config, autoDisableThreshold: 1 } } as Announced;
    assert.equal(announcementFor(own, failed(1)), null);
    assert.equal(announcementFor(subscription, failed(50))?.told, 90, 'the streak is not a day old');
  });

  test('nothing while nobody can read its name', () => {
    assert.equal(announcementFor({ ...off('gone'), config: null }, told(0)), null);
  });

  test('what the samples show', () => {
    const events = [
      announcementFor(subscription, failed(25))?.event,
      announcementFor(off('gone'), told(0))?.event,
      announcementFor(subscription, told(100))?.event,
    ];
    for (const event of events) {
      assert.ok(event !== undefined && event !== null);
      assert.deepEqual(Object.keys(event.data).sort(), Object.keys(sampleEvents[event.type]).sort());
    }
  });
});
