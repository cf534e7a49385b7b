import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { envelopeTimeMs, profiles, RECENT_MS } from './profile.ts';

const MADE = Date.UTC(2026, 0, 1);
/** Receivers of seed 001 refuse what is five minutes away from their clock. */
const REFUSED_MS = 5 * 60_000;

function stella(times: { dueMs: number; nowMs: number; madeAtMs?: number }): number {
  return envelopeTimeMs(profiles.stella, { acceptedAtMs: MADE, madeAtMs: MADE, ...times });
}

test('the two profiles have the tries, timeouts and authentication of the design', () => {
  const { standard, stella: seed } = profiles;
  assert.deepEqual([standard.retry.maxRetries, standard.timeoutMs, standard.retry.jitter], [9, 15_000, 0.2]);
  assert.deepEqual([seed.retry.maxRetries, seed.timeoutMs, seed.retry.jitter], [3, 30_000, 0]);
  assert.deepEqual([standard.retry.backoffType, seed.retry.backoffType], ['schedule', 'exponential']);
  assert.deepEqual([standard.defaultAuth, seed.defaultAuth], ['signature', 'none']);
  assert.deepEqual([standard.envelopeId, seed.envelopeId], ['event', 'delivery']);
});

test('both profiles spare a receiver in trouble, and switch it off after fifty failures that take a day at least', () => {
  for (const { hasCircuit, autoDisable } of Object.values(profiles)) {
    assert.equal(hasCircuit, true);
    assert.deepEqual(autoDisable, { threshold: 50, minSpanMs: 86_400_000, probes: true });
  }
});

describe('the time in an envelope', () => {
  test('of standard is that of acceptance, however late the try', () => {
    const times = { acceptedAtMs: MADE, madeAtMs: MADE + 1, dueMs: MADE + 9e9, nowMs: MADE + 9e9 };
    assert.equal(envelopeTimeMs(profiles.standard, times), MADE);
  });

  test('of stella is that of the delivery while it is under four minutes ago', () => {
    assert.equal(stella({ dueMs: MADE + RECENT_MS - 2, nowMs: MADE + RECENT_MS - 1 }), MADE);
  });

  test('of stella is the due time of a try from four minutes on', () => {
    const dueMs = MADE + RECENT_MS;
    assert.equal(stella({ dueMs, nowMs: dueMs + 500 }), dueMs);
    assert.equal(stella({ dueMs: MADE + RECENT_MS - 1, nowMs: dueMs }), MADE + RECENT_MS - 1);
  });

  test('of stella is now when the try itself is late, for example after a stop of an hour', () => {
    const nowMs = MADE + 3_600_000;
    assert.equal(stella({ dueMs: MADE, nowMs }), nowMs);
  });

  test('of stella is that of the request for a redelivery', () => {
    const madeAtMs = MADE + 86_400_000;
    assert.equal(stella({ madeAtMs, dueMs: madeAtMs, nowMs: madeAtMs + 20 }), madeAtMs);
  });

  test('of stella is one a receiver of seed 001 takes, whatever the clocks do', () => {
    const ms = fc.integer({ min: MADE - 1e9, max: MADE + 1e9 });
    fc.assert(
      fc.property(ms, ms, ms, (madeAtMs, dueMs, nowMs) => {
        assert.ok(Math.abs(nowMs - stella({ madeAtMs, dueMs, nowMs })) < REFUSED_MS);
      }),
    );
  });
});
