import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProbedHourly, nextProbeMs, PROBE_EVERY_MS } from './probe.ts';

const NOW_MS = 1_800_000_000_000;
const config = { profile: 'standard' } as const;
const active = { state: { kind: 'active' }, config } as const;
const off = { state: { kind: 'disabled', reason: 'failures', sinceMs: NOW_MS - 1000 }, config } as const;

test('an open circuit is probed when its lane says; one that is past is not told', () => {
  const open = (probeAtMs: number | null) => nextProbeMs(active, { reason: 'circuit', probeAtMs }, NOW_MS);
  assert.deepEqual([open(NOW_MS + 1), open(NOW_MS), open(null)], [NOW_MS + 1, null, null]);
});

test('nothing is probed that is held for another reason, or not at all', () => {
  assert.equal(nextProbeMs(active, { reason: 'full', probeAtMs: NOW_MS + 1 }, NOW_MS), null);
  assert.equal(nextProbeMs(active, null, NOW_MS), null);
});

test('a pause and a person who switches it off stop the probes, whatever the lane said before', () => {
  const lanes = [
    { reason: 'circuit', probeAtMs: NOW_MS + 1 },
    { reason: 'disabled', probeAtMs: NOW_MS + 1 },
  ];
  for (const lane of lanes) {
    assert.equal(nextProbeMs({ state: { kind: 'paused', sinceMs: NOW_MS }, config }, lane, NOW_MS), null);
    for (const reason of ['user', 'gone', 'user+failures'] as const) {
      const state = { kind: 'disabled', sinceMs: NOW_MS, reason } as const;
      assert.equal(nextProbeMs({ state, config }, lane, NOW_MS), null, reason);
    }
  }
});

test('what its failures switched off is probed an hour later, and then when its lane says', () => {
  const firstMs = off.state.sinceMs + PROBE_EVERY_MS;
  const stale = { reason: 'disabled', probeAtMs: off.state.sinceMs + 5000 };
  const told = { reason: 'disabled', probeAtMs: firstMs + PROBE_EVERY_MS };
  assert.equal(nextProbeMs(off, null, NOW_MS), firstMs);
  assert.equal(nextProbeMs(off, { reason: 'circuit', probeAtMs: NOW_MS + 5 }, NOW_MS), firstMs);
  assert.equal(nextProbeMs(off, stale, NOW_MS), firstMs, 'told when it was off before');
  assert.equal(nextProbeMs(off, told, firstMs), told.probeAtMs);
  assert.equal(nextProbeMs(off, null, firstMs), null);
});

test('a profile may have it stay off until somebody enables it', () => {
  assert.equal(isProbedHourly(off), true);
  const forge = { ...off, config: { profile: 'forge' } } as const;
  assert.equal(isProbedHourly(forge), false);
  assert.equal(nextProbeMs(forge, null, NOW_MS), null);
  assert.equal(isProbedHourly({ ...off, config: null }), false);
});
