import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { publishRequest, stampedBody } from './event.ts';
import { stamped, stampOf, stampPlace } from './stamp.ts';

describe('the time of sending', () => {
  const request = publishRequest('http://127.0.0.1:1', 'none', stampedBody('bench.one'));
  const place = stampPlace(request) ?? 0;

  it('travels in the event and changes nothing else of it', () => {
    const sent = stamped(request, place, 1_234_567);
    assert.equal(stampOf(sent), 1_234_567);
    assert.equal(sent.length, request.length);
    assert.equal(stampOf(request), null);
    assert.deepEqual(stamped(sent, place, 0), request);
  });

  it('is missing from an event without a place for it', () => {
    assert.equal(stampOf(publishRequest('http://127.0.0.1:1', 'none')), null);
  });
});
