import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { costOf, costTable, detailText } from './cost.ts';
import { recordedToo } from './counted.ts';
import { casesOf } from './delivery-costs.ts';
import { callsBetween, lsnBytes } from './server-counts.ts';

const none = { rows: 0, walBytes: 0, buffersHit: 0, buffersRead: 0, executionMs: 0 };
const spent = {
  deliveries: 100,
  framing: 20,
  nodesCpuMs: 20,
  server: {
    walBytes: 250_000,
    cpuMs: 5,
    statements: [
      { ...none, text: 'select 1', calls: 4, rows: 8, buffersHit: 300, buffersRead: 2, executionMs: 1 },
      { ...none, text: 'select 2', calls: 1, rows: 1, buffersHit: 100, executionMs: 3 },
    ],
    records: [
      { kind: 'Heap/INSERT', count: 300, bytes: 200_000, pageBytes: 0 },
      { kind: 'Heap/DELETE', count: 100, bytes: 5400, pageBytes: 8192 },
      { kind: 'Heap/HOT_UPDATE', count: 20, bytes: 1000, pageBytes: 0 },
      { kind: 'Transaction/COMMIT', count: 5, bytes: 170, pageBytes: 0 },
    ],
  },
};

describe('the cost of a delivery', () => {
  it('is its share of what a window took', () => {
    assert.deepEqual(costOf(spent), {
      statements: 0.25,
      framing: 0.2,
      commits: 0.05,
      walBytes: 2500,
      pageBytes: 81.92,
      buffersHit: 4,
      buffersRead: 0.02,
      deadRows: 1.2,
      serverUs: 50,
      nodesUs: 200,
    });
  });

  it('is not known in time where the machine does not tell', () => {
    const cost = costOf({ ...spent, nodesCpuMs: null, server: { ...spent.server, cpuMs: null } });
    assert.deepEqual([cost.serverUs, cost.nodesUs], [null, null]);
  });

  it('is compared with the first case, by medians', () => {
    const cost = costOf(spent);
    const doubled = { ...cost, statements: 0.5, walBytes: 5000, serverUs: null };
    const text = costTable(
      ['case'],
      [
        { cells: ['small'], costs: [cost, { ...cost, statements: 9 }, cost] },
        { cells: ['large'], costs: [doubled] },
      ],
    );
    const [, small, large, ratios] = text.split('\n').map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(small?.slice(0, 5), ['small', '0.250', '0.200', '0.050', '2,500']);
    assert.deepEqual(large?.slice(0, 5), ['large', '0.500', '0.200', '0.050', '5,000']);
    assert.deepEqual(ratios?.slice(0, 5), ['large ÷ first', '2.00', '1.00', '1.00', '2.00']);
    assert.equal(ratios?.at(-2), '–');
  });

  it('is told by statement, the dearest first, and by table', () => {
    const text = detailText(spent, [{ relation: 'due', records: 200, bytes: 18_000 }], (sql) => `named ${sql}`);
    const lines = text.split('\n').map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(lines[1], ['named select 2', '1', '0.010', '1.0', '0', '1.0', '100', '30.0']);
    assert.deepEqual(lines[2], ['named select 1', '4', '0.040', '2.0', '0', '3.0', '76', '10.0']);
    assert.ok(lines.some((cells) => cells.join() === 'due,2.000,180'));
    assert.ok(lines.some((cells) => cells.join() === 'Heap/DELETE,1.000,54,82'));
  });
});

describe('counts', () => {
  it('are those between two moments', () => {
    const read = (counts: Record<string, number>) => ({
      statements: new Map(Object.entries(counts).map(([id, calls]) => [id, { ...none, text: id, calls, rows: calls }])),
    });
    const between = callsBetween(read({ begun: 2, idle: 5 }), read({ begun: 7, idle: 5, late: 1 }));
    assert.deepEqual(
      between.map(({ text, calls, rows }) => [text, calls, rows]),
      [
        ['begun', 5, 5],
        ['late', 1, 1],
      ],
    );
  });

  it('of the log go on past the end of a half', () => {
    assert.equal(lsnBytes('2/10') - lsnBytes('1/FFFFFFF0'), 0x20);
  });

  it('miss what was delivered and never recorded', () => {
    const ledger = { accepted: 10, arrived: 11, lost: 0 };
    assert.deepEqual(recordedToo(ledger, 8), { accepted: 10, arrived: 11, lost: 2 });
    assert.equal(recordedToo(ledger, 10).lost, 0);
  });
});

describe('cases', () => {
  it('grow one way at a time, then both', () => {
    const cases = casesOf({ subscriptions: [10, 100], backlogs: [0, 7] });
    assert.deepEqual(
      cases.map(({ subscriptions, backlog }) => [subscriptions, backlog]),
      [
        [10, 0],
        [100, 0],
        [10, 7],
        [100, 7],
      ],
    );
    assert.equal(casesOf({ subscriptions: [10], backlogs: [0, 7] }).length, 2);
  });
});
