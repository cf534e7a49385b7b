import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aTry, BASE_MS, bytes } from '../../../test/store-contract/samples.ts';
import type { AttemptRecord } from '../../core/attempt.ts';
import { showFailure } from './failure.ts';

const ticket = { deliveryId: 'd', eventId: 'e', subscriptionId: 's', n: 0 } as unknown as Parameters<typeof aTry>[0];

/** A try that was answered with these headers. */
function answered(
  responseHeaders: AttemptRecord['detail']['responseHeaders'],
  changes: Partial<AttemptRecord>,
): AttemptRecord {
  const { detail } = aTry(ticket);
  return aTry(ticket, { ...changes, detail: { ...detail, facts: {}, responseHeaders, responseBody: bytes('') } });
}

/** How a 429 reads whose answer had these headers. */
function busy(responseHeaders: AttemptRecord['detail']['responseHeaders']): string | null {
  return showFailure(answered(responseHeaders, { failure: 'http_429', statusCode: 429 }), null).error;
}

describe('where a receiver fails', () => {
  const failed = answered({}, { failure: 'http_5xx', statusCode: 500, atMs: Date.UTC(2026, 2, 4, 9, 30) });

  test('its owner is told what to look for in its logs: when it was, and the id that was sent', () => {
    const told = (headers: Record<string, string>) => showFailure(failed, { headers }).remedy;
    const withWebhookId = { 'webhook-id': 'the-event', 'hookyard-delivery': 'd' };
    assert.equal(told(withWebhookId), 'See its logs at 2026-03-04T09:30:00.000Z with webhook-id: the-event.');
    const inItsLogs = 'See its logs at 2026-03-04T09:30:00.000Z with hookyard-delivery: d.';
    assert.equal(told({ 'hookyard-delivery': 'd' }), inItsLogs);
    assert.equal(showFailure(failed, null).remedy, inItsLogs);
  });
});

test('an answer of which only the first part is kept is told as that, whatever is left of that part', () => {
  const { detail } = answered({}, {});
  const error = (facts: Record<string, string>) => {
    const cut = { ...detail, facts, responseTruncated: true };
    return showFailure(aTry(ticket, { failure: 'http_422', statusCode: 422, detail: cut }), null).error;
  };
  const plain = 'The receiver rejected the content (422).';
  assert.equal(error({ limit: '64 KiB' }), `${plain} Its answer exceeded 64 KiB; the first part was kept.`);
  assert.equal(error({}), plain);
});

test('a redirect is told with where it leads', () => {
  const moved = answered({ location: 'https://new.example.com/' }, { failure: 'redirect_refused', statusCode: 308 });
  assert.equal(showFailure(moved, null).error, '308 to https://new.example.com/; redirects are not followed.');
});

describe('a receiver that asks to slow down', () => {
  test('is told with the time it asks for, in seconds or until a date', () => {
    const date = new Date(BASE_MS + 60_000).toUTCString();
    assert.equal(busy({ 'retry-after': '120' }), 'The receiver asks to slow down (429), for 120 s.');
    assert.match(busy({ 'retry-after': date }) ?? '', /^The receiver asks to slow down \(429\), for (59|60) s\.$/);
  });

  test('is told without one where it names none, or one that is over', () => {
    const past = new Date(BASE_MS - 60_000).toUTCString();
    for (const headers of [null, {}, { 'retry-after': 'soon' }, { 'retry-after': past }]) {
      assert.equal(busy(headers), 'The receiver asks to slow down (429).');
    }
  });
});
