import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from '../../test/support/stepped-clock.ts';
import { storeAway } from '../core/store-away.ts';
import type { Store } from '../ports.ts';
import { createReadiness, type ReadinessParts } from './readiness.ts';

interface Situation {
  /** Milliseconds that the store's clock is ahead of this machine's. */
  aheadMs?: number;
  oldestDueMs?: number | null;
  away?: boolean;
  readOnly?: boolean;
  beatAgoMs?: number | null;
  doubtMs?: number;
  parts?: Partial<ReadinessParts>;
}

function readinessIn({
  aheadMs = 0,
  oldestDueMs = null,
  away,
  readOnly,
  beatAgoMs = 0,
  doubtMs,
  parts = {},
}: Situation) {
  const clock = steppedClock();
  clock.advance(60_000);
  const asked: string[] = [];
  const gauges: [name: string, value: number][] = [];
  const logged: [event: string, message: string][] = [];
  const answer = async <T>(name: string, value: T): Promise<T> => {
    asked.push(name);
    if (away === true || (readOnly === true && name === 'touchKeys')) throw storeAway('away');
    return value;
  };
  const store = {
    configVersion: () => answer('configVersion', 1),
    pulse: () => answer('pulse', { nowMs: clock.nowMs() + aheadMs, oldestDueMs }),
    touchKeys: () => answer('touchKeys', undefined),
  } as unknown as Store;
  const metrics = { gauge: (name: string, value: number) => gauges.push([name, value]) };
  const log = { warn: (event: string, { error }: { error: Error }) => logged.push([event, error.message]) };
  const beatMs = beatAgoMs === null ? null : clock.monotonicMs() - beatAgoMs;
  const doubtSinceMs = doubtMs === undefined ? null : clock.monotonicMs() - doubtMs;
  const readiness = createReadiness({
    ports: { store, clock, metrics, log } as unknown as ReadinessParts['ports'],
    worker: { lastBeatMs: () => beatMs, doubtSinceMs: () => doubtSinceMs },
    janitor: { healthy: () => true },
    shared: { lackingKeys: async () => [] },
    ...parts,
  });
  return { readiness, store, clock, asked, gauges, logged };
}

test('a process is ready when its store answers and can be written, its worker beats and the clocks agree', async () => {
  const { readiness, gauges } = readinessIn({});
  assert.deepEqual(await readiness(), {
    ready: true,
    checks: { store: 'ok', dispatcher: 'ok', leases: 'ok', oldestDueMs: '0' },
  });
  assert.deepEqual(gauges, [['oldest_due_seconds', 0]]);
});

test('each thing that is wrong is said, and what keeps it from its work makes it not ready', async () => {
  const cases: readonly (readonly [Situation, ready: boolean, check: string, said: RegExp])[] = [
    [{ away: true }, false, 'store', /^does not answer$/],
    [{ parts: { janitor: { healthy: () => false } } }, false, 'store', /^cannot be written$/],
    [{ parts: { janitor: null }, readOnly: true }, false, 'store', /^cannot be written$/],
    [{ parts: { janitor: null } }, true, 'store', /^ok$/],
    [{ beatAgoMs: null }, false, 'dispatcher', /no complete round within 5 s$/],
    [{ beatAgoMs: 5001 }, false, 'dispatcher', /no complete round within 5 s$/],
    [{ beatAgoMs: 4000 }, true, 'dispatcher', /^ok$/],
    [{ aheadMs: 301_000 }, false, 'clock', /^301 s from the database's$/],
    [{ aheadMs: -301_000 }, false, 'clock', /^301 s/],
    [{ doubtMs: 0 }, true, 'leases', /^in doubt$/],
    [{ doubtMs: 15_000 }, true, 'leases', /^in doubt$/],
    [{ doubtMs: 20_000 }, false, 'leases', /^in doubt for 20 s$/],
    [{ parts: { shared: { lackingKeys: async () => ['aa', 'bb'] } } }, false, 'keyring', /^lacks aa, bb$/],
    [{ doubtMs: 20_000, parts: { shared: null } }, true, 'dispatcher', /^ok$/],
  ];
  for (const [situation, ready, check, said] of cases) {
    const seen = await readinessIn(situation).readiness();
    assert.equal(seen.ready, ready, JSON.stringify(situation));
    assert.match(seen.checks[check] ?? '', said);
  }
});

test('the oldest due delivery is told by the clock of the store', async () => {
  const { readiness, clock } = readinessIn({ aheadMs: 1000, oldestDueMs: steppedClock().nowMs() });
  assert.equal((await readiness()).checks.oldestDueMs, `${clock.monotonicMs() + 1000}`);
});

test('a process without a role says nothing of what it does not do', async () => {
  const { readiness } = readinessIn({ parts: { worker: null } });
  assert.deepEqual(Object.keys((await readiness()).checks), ['store', 'oldestDueMs']);
});

test('a store of this machine has the clock that it was started with', async () => {
  const { readiness } = readinessIn({ aheadMs: 3_600_000, parts: { shared: null } });
  assert.equal((await readiness()).ready, true);
});

test('a store that never answers is told of after 2 s, and is asked once by all who ask', async () => {
  const { clock } = readinessIn({});
  let asked = 0;
  const hanging = { configVersion: () => ++asked && new Promise(() => {}) } as unknown as Store;
  const readiness = createReadiness({
    ports: { store: hanging, clock, metrics: { gauge: () => {} } } as unknown as ReadinessParts['ports'],
    worker: null,
    janitor: null,
    shared: { lackingKeys: async () => [] },
  });
  for (let time = 0; time < 3; time++) {
    const seen = readiness();
    clock.advance(2000);
    assert.deepEqual(await seen, { ready: false, checks: { store: 'does not answer' } });
  }
  assert.equal(asked, 1);
});

test('why the store could not be asked is logged once until that changes: it is away, or the fault is ours', async () => {
  const { readiness, store, logged } = readinessIn({});
  const { pulse } = store;
  const failsWith = (error: Error) => Object.assign(store, { pulse: () => Promise.reject(error) });
  const probed = async () => {
    for (let time = 0; time < 3; time++) await readiness();
    return logged.splice(0).map(([event, message]) => `${event}: ${message}`);
  };
  failsWith(storeAway('the database does not answer'));
  assert.deepEqual(await probed(), ['readiness.failed: the database does not answer']);
  failsWith(storeAway('the connection was lost'));
  assert.deepEqual(await probed(), []);
  failsWith(new TypeError('not a function'));
  assert.deepEqual(await probed(), ['readiness.failed: not a function']);
  Object.assign(store, { pulse });
  assert.deepEqual(await probed(), []);
  failsWith(new TypeError('not a function'));
  assert.deepEqual(await probed(), ['readiness.failed: not a function']);
});
