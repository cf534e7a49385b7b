import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { envelopeTimeMs, PROFILE_NAMES, type Profile, type ProfileName, profiles } from './profile.ts';
import { retryDelayMs } from './retry.ts';

const FOUR_MINUTES_MS = 240_000;
const MADE = Date.UTC(2026, 0, 1);
/** Receivers of seed 001 refuse what is five minutes away from their clock. */
const REFUSED_MS = 5 * 60_000;

function stella(times: { dueMs: number; nowMs: number; madeAtMs?: number }): number {
  return envelopeTimeMs(profiles.stella, { acceptedAtMs: MADE, madeAtMs: MADE, ...times });
}

/** The cells of the design's table that are settings; what they do on the wire and to a try is tested there. */
const table: Readonly<Record<string, Readonly<Record<ProfileName, unknown>>>> = {
  envelope: {
    standard: { id: 'event', time: 'acceptance' },
    stella: { id: 'delivery', time: 'recent' },
    instanode: null,
    foreman: null,
    forge: null,
  },
  contentTypes: {
    standard: ['json', 'form'],
    stella: ['json', 'form'],
    instanode: ['json'],
    foreman: ['json'],
    forge: ['json', 'form'],
  },
  defaultAuth: { standard: 'signature', stella: 'none', instanode: 'none', foreman: 'none', forge: 'signature' },
  timeoutMs: { standard: 15_000, stella: 30_000, instanode: 10_000, foreman: 10_000, forge: 10_000 },
  hasCircuit: { standard: true, stella: true, instanode: false, foreman: false, forge: false },
  autoDisable: {
    standard: { threshold: 50, minSpanMs: 86_400_000, probes: true },
    stella: { threshold: 50, minSpanMs: 86_400_000, probes: true },
    instanode: null,
    foreman: null,
    forge: { threshold: 50, minSpanMs: 0, probes: false },
  },
  goneDisables: { standard: true, stella: false, instanode: false, foreman: false, forge: false },
  heedsReceiver: { standard: true, stella: false, instanode: false, foreman: false, forge: false },
};

for (const [field, cells] of Object.entries(table)) {
  test(`every profile has its cell of the design's table: ${field}`, () => {
    for (const name of PROFILE_NAMES) {
      assert.deepEqual(profiles[name][field as keyof Profile], cells[name], name);
    }
  });
}

const [MINUTE, HOUR] = [60, 3600];
/** Waits in seconds before each retry, without jitter; their number is that of the retries. */
const waits: Readonly<Record<ProfileName, readonly number[]>> = {
  standard: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
  stella: [10, 20, 40],
  instanode: [10, 60],
  foreman: [1, 2, 4, 8, 16],
  forge: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR],
};
const jitters: Readonly<Record<ProfileName, number>> = {
  standard: 0.2,
  stella: 0,
  instanode: 0,
  foreman: 0,
  forge: 0.2,
};

for (const name of PROFILE_NAMES) {
  test(`a delivery of ${name} is tried ${waits[name].length + 1} times, with these waits between`, () => {
    const { retry } = profiles[name];
    const between = Array.from({ length: retry.maxRetries }, (_, at) =>
      retryDelayMs({ ...retry, jitter: 0, maxAgeSeconds: 0 }, at + 1, 0),
    );
    assert.deepEqual(
      between,
      waits[name].map((seconds) => seconds * 1000),
    );
    assert.equal(retry.jitter, jitters[name]);
  });
}

test('the profiles that are told of wishes heed them: Retry-After', () => {
  const heeding = PROFILE_NAMES.filter((name) => profiles[name].retry.honoursRetryAfter);
  assert.deepEqual(heeding, ['standard', 'stella', 'forge']);
});

const own: Readonly<Record<ProfileName, readonly string[]>> = {
  standard: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  stella: [
    'x-stella-event',
    'x-stella-delivery',
    'x-stella-timestamp',
    'x-stella-signature',
    'x-stella-signature-next',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
  ],
  instanode: ['x-instanode-signature', 'x-instanode-signature-next'],
  foreman: ['x-foreman-signature', 'x-foreman-signature-next'],
  forge: [
    'x-forge-event',
    'x-forge-delivery',
    'x-forge-idempotency-key',
    'x-hub-signature-256',
    'x-hub-signature-256-next',
  ],
};

test('a profile owns all its headers, also those of a rotation', () => {
  for (const name of PROFILE_NAMES) assert.deepEqual(profiles[name].ownHeaders, own[name], name);
});

describe('the time in an envelope', () => {
  test('of standard is that of acceptance, however late the try', () => {
    const times = { acceptedAtMs: MADE, madeAtMs: MADE + 1, dueMs: MADE + 9e9, nowMs: MADE + 9e9 };
    assert.equal(envelopeTimeMs(profiles.standard, times), MADE);
  });

  test('of a profile without an envelope is that of acceptance too: it is kept, and not sent', () => {
    const times = { acceptedAtMs: MADE, madeAtMs: MADE + 1, dueMs: MADE + 2, nowMs: MADE + 9e9 };
    for (const name of ['instanode', 'foreman', 'forge'] as const) {
      assert.equal(envelopeTimeMs(profiles[name], times), MADE);
    }
  });

  test('of stella is that of the delivery while it is under four minutes ago', () => {
    assert.equal(stella({ dueMs: MADE + FOUR_MINUTES_MS - 2, nowMs: MADE + FOUR_MINUTES_MS - 1 }), MADE);
  });

  test('of stella is the due time of a try from four minutes on', () => {
    const dueMs = MADE + FOUR_MINUTES_MS;
    assert.equal(stella({ dueMs, nowMs: dueMs + 500 }), dueMs);
    assert.equal(stella({ dueMs: MADE + FOUR_MINUTES_MS - 1, nowMs: dueMs }), MADE + FOUR_MINUTES_MS - 1);
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
