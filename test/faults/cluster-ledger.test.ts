import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttemptShown, DeliveryShown } from '../support/journey.ts';
import { judgeCluster } from './cluster-ledger.ts';
import { fault, LATE_MS, nth, ordered, plain, request, seen, TIMEOUT_MS } from './cluster-samples.ts';
import type { ClusterSeen } from './cluster-seen.ts';

function attempts(...numbers: number[]): ClusterSeen['attempts'] {
  return new Map([['d1', numbers.map((n) => ({ n, mayRepeat: false }) as AttemptShown)]]);
}

const again = { ...request, startMs: LATE_MS + 100, endMs: LATE_MS + 110, life: 'n2.1' };
const beside = nth(2, { startMs: LATE_MS + 5, endMs: LATE_MS + 20 });
const first = nth(1, { key: 'k', place: 0 });
const second = nth(2, { key: 'k', place: 1, startMs: LATE_MS + 20, endMs: LATE_MS + 30 });
const failing = { ...request, status: 500 };

interface Case {
  name: string;
  of: ClusterSeen;
}

const SOUND: readonly Case[] = [
  { name: 'one delivery', of: seen([request]) },
  {
    name: 'a late repeat of what a circuit held',
    of: seen([request, again], {
      receivings: [{ ...plain, heldUpToMs: 60_000 }],
      injected: [fault('storm', { startMs: 0, endMs: LATE_MS - 75_000 })],
    }),
  },
  { name: 'a failed attempt before the next one', of: seen([failing, { ...again, attempt: 2 }]) },
  {
    name: 'a repeat after its sender was killed',
    of: seen([request, again], { injected: [fault('kill', { life: 'n1.1' })] }),
  },
  {
    name: 'a repeat because a node that was frozen had its failure settled first',
    of: seen(
      [
        { ...failing, startMs: LATE_MS - 1500, endMs: LATE_MS - 1400 },
        { ...request, life: 'n2.1' },
        { ...again, attempt: 2 },
      ],
      { injected: [fault('freeze', { life: 'n1.1' })], receivings: [{ ...plain, steady: false }] },
    ),
  },
  { name: 'a repeat after all connections were cut', of: seen([request, again], { injected: [fault('storm')] }) },
  {
    name: 'one above the cap in a takeover',
    of: seen([request, beside], { injected: [fault('freeze', { life: 'n9.1' })] }),
  },
  {
    name: 'a place that is taken before the end of the last connection is noticed',
    of: seen([
      { ...failing, end: 'cut', status: 0 },
      { ...beside, startMs: LATE_MS + 5 },
      nth(1, { attempt: 2, startMs: LATE_MS + 50 }),
    ]),
  },
  { name: 'an order that is kept', of: seen([first, second], { receivings: [ordered] }) },
  {
    name: 'a repeat of one that was done before, while the next is on its way',
    of: seen([first, second, { ...first, startMs: LATE_MS + 25, life: 'n2.1' }], {
      receivings: [ordered],
      injected: [fault('kill', { life: 'n1.1' })],
    }),
  },
  {
    name: 'a node that is down by intent',
    of: seen([request], { nodes: [{ life: 'n1.1', readyz: null, readyzAway: 503 }] }),
  },
  {
    name: 'warnings, and errors for which the database was away',
    of: seen([request], {
      logged: new Map([
        ['warn store.connection_lost: ECONNRESET', 3],
        ['error settle.failed: STORE_UNAVAILABLE', 3],
      ]),
    }),
  },
  {
    name: 'a takeover in time',
    of: seen([{ ...request, startMs: LATE_MS - 1500 }, nth(2, { life: 'n2.1' })], {
      injected: [fault('kill', { life: 'n1.1' })],
    }),
  },
  {
    name: 'an ordered lane that waits after a lease ran out',
    of: seen([{ ...first, startMs: LATE_MS - 1500 }], {
      receivings: [ordered],
      injected: [fault('freeze', { life: 'n1.1' })],
    }),
  },
];

for (const { name, of } of SOUND) {
  test(`the ledger of the cluster has nothing against ${name}`, () => {
    assert.deepEqual(judgeCluster(of).broken, []);
  });
}

const BROKEN: readonly (Case & { says: RegExp })[] = [
  {
    name: 'a loss',
    of: seen([request], { accepted: new Map([1, 2].map((n) => [n, { eventId: `e${n}`, type: 't' }])) }),
    says: /event 2 was acknowledged and never delivered to r$/,
  },
  { name: 'an event that only came and was refused', of: seen([failing]), says: /event 1 .* never delivered/ },
  {
    name: 'something nobody sent',
    of: seen([request], { accepted: new Map() }),
    says: /event 1 \(e1\), which nobody sent/,
  },
  {
    name: 'something sent to somebody else',
    of: seen([request], { accepted: new Map([[1, { eventId: 'e1', type: 'other' }]]) }),
    says: /event 1 \(e1\), which nobody sent/,
  },
  {
    name: 'a delivery that is open still',
    of: seen([request], { deliveries: [{ id: 'd1', status: 'pending', code: null } as DeliveryShown] }),
    says: /d1 ended as pending/,
  },
  {
    name: 'a delivery that is not listed',
    of: seen([request], { deliveries: [] }),
    says: /d1 arrived and is not listed/,
  },
  { name: 'a gap in the attempts', of: seen([request], { attempts: attempts(1, 3) }), says: /attempts 1, 3/ },
  { name: 'an attempt twice', of: seen([request], { attempts: attempts(1, 1) }), says: /attempts 1, 1/ },
  {
    name: 'other bytes',
    of: seen([request, { ...again, digest: 'other' }], { injected: [fault('storm')] }),
    says: /^delivery d1 came with different bytes$/,
  },
  {
    name: 'a repeat without a fault',
    of: seen([request, again]),
    says: /attempt 1 by n1\.1 .* then attempt 1 by n2\.1 .* no fault explains it/,
  },
  {
    name: 'a repeat after success',
    of: seen([request, { ...again, attempt: 2 }]),
    says: /then attempt 2 by n2\.1 .* no fault/,
  },
  {
    name: 'a repeat after somebody else was killed',
    of: seen([request, again], { injected: [fault('kill', { life: 'n3.1' })] }),
    says: /no fault explains it/,
  },
  {
    name: 'a repeat long after a fault',
    of: seen([request, again], { injected: [fault('storm', { startMs: 0, endMs: LATE_MS - 15_000 - TIMEOUT_MS })] }),
    says: /no fault explains it/,
  },
  {
    name: 'a repeat before a fault',
    of: seen([request, again], { injected: [fault('storm', { startMs: LATE_MS + 101, endMs: LATE_MS + 101 })] }),
    says: /no fault explains it/,
  },
  {
    name: 'a repeat after a graceful end',
    of: seen([request, again], { injected: [fault('drain', { life: 'n1.1' })] }),
    says: /no fault explains/,
  },
  { name: 'one above the cap', of: seen([request, beside]), says: /r had 2 requests at once .* above 1/ },
  {
    name: 'one above the cap after a graceful end',
    of: seen([request, beside], { injected: [fault('drain', { life: 'n1.1' }), fault('join')] }),
    says: /r had 2 requests at once/,
  },
  {
    name: 'a successor that begins too soon',
    of: seen([first, { ...second, startMs: LATE_MS + 9 }], { receivings: [ordered], injected: [fault('storm')] }),
    says: /r: k 1 began at 1000009 by n1\.1, before the one before was done/,
  },
  {
    name: 'a successor of one that failed',
    of: seen(
      [{ ...first, status: 500 }, second, { ...first, attempt: 2, startMs: LATE_MS + 90, endMs: LATE_MS + 99 }],
      {
        receivings: [ordered],
      },
    ),
    says: /r: k 1 began/,
  },
  {
    name: 'a takeover that takes too long',
    of: seen([{ ...request, startMs: LATE_MS - 1500 }, nth(2, { life: 'n2.1', startMs: LATE_MS + 24_001 })], {
      injected: [fault('freeze', { life: 'n1.1' })],
    }),
    says: /r was without an owner for 25001 ms after n1\.1 fell out/,
  },
  {
    name: 'no takeover at all',
    of: seen([{ ...request, startMs: LATE_MS - 1500 }, nth(2)], { injected: [fault('kill', { life: 'n1.1' })] }),
    says: /without an owner for Infinity ms/,
  },
  {
    name: 'a pause that is not seen',
    of: seen([request], { pauses: [{ receiver: 'r', answeredMs: LATE_MS - 5001, resumeMs: LATE_MS + 1 }] }),
    says: /r was sent something 5001 ms after its pause/,
  },
  { name: 'a node that ended', of: seen([request], { ended: ['n1.1 ended by itself: 1'] }), says: /ended by itself/ },
  {
    name: 'a strange answer',
    of: seen([request], { publishing: { cut: 0, unavailable: 0, strange: ['event 1 was answered 500'] } }),
    says: /answered 500/,
  },
  {
    name: 'a fault of our own',
    of: seen([request], { logged: new Map([['error settle.failed: 22P02', 2]]) }),
    says: /logged 2 times: error settle\.failed: 22P02/,
  },
  {
    name: 'an unhandled rejection',
    of: seen([request], { logged: new Map([['warn something.unhandled', 1]]) }),
    says: /something\.unhandled/,
  },
  {
    name: 'an error without a reason',
    of: seen([request], { logged: new Map([['error delivery.poison', 1]]) }),
    says: /delivery\.poison/,
  },
  {
    name: 'a node that is not ready',
    of: seen([request], { nodes: [{ life: 'n1.1', readyz: 503, readyzAway: null }] }),
    says: /said 503 .* in the end/,
  },
  {
    name: 'a node that was ready without a database',
    of: seen([request], { nodes: [{ life: 'n1.1', readyz: 200, readyzAway: 200 }] }),
    says: /said 200 while PostgreSQL was away/,
  },
  {
    name: 'a balance that never came',
    of: seen([request], { missed: ['shards are not balanced'] }),
    says: /not balanced/,
  },
];

for (const { name, of, says } of BROKEN) {
  test(`the ledger of the cluster sees ${name}`, () => {
    assert.match(judgeCluster(of).broken.join('\n'), says);
  });
}

test('the figures of the ledger count repeats by their fault and takeovers by their time', () => {
  const lone = { ...request, startMs: LATE_MS - 1500 };
  const taken = { ...again, startMs: LATE_MS + 40 };
  const { figures } = judgeCluster(
    seen([lone, taken], { injected: [fault('kill', { life: 'n1.1' }), fault('storm')] }),
  );
  assert.equal(figures['sent twice (same bytes), by the fault that explains it'], 'kill 1');
  assert.equal(
    figures['takeover from kill -9 to the first send'],
    'median 1040 ms, max 1040 ms, of 1 receivers (n1.1 1040)',
  );
  assert.equal(figures.faults, 'kill 1, storm 1');
});

test('many broken promises of one kind are told in few lines', () => {
  const accepted = new Map(Array.from({ length: 500 }, (_, n) => [n, { eventId: `e${n}`, type: 't' }]));
  const { broken } = judgeCluster(seen([request], { accepted }));
  assert.equal(broken.length, 11);
  assert.equal(broken.at(-1), '… and 489 more like this');
});
