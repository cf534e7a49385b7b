import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aTry, BASE_MS, bytes } from '../../../test/store-contract/samples.ts';
import type { AttemptRecord } from '../../core/attempt.ts';
import { showFailure } from './failure.ts';

const ticket = { deliveryId: 'd', eventId: 'e', subscriptionId: 's', n: 0 } as unknown as Parameters<typeof aTry>[0];

/** How a 429 reads whose answer had these headers. */
function busy(responseHeaders: AttemptRecord['detail']['responseHeaders']): string | null {
  const { detail } = aTry(ticket);
  const answered = { ...detail, facts: {}, responseHeaders, responseBody: bytes('') };
  return showFailure(aTry(ticket, { failure: 'http_429', statusCode: 429, detail: answered })).error;
}

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
