import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Client, DatabaseError } from 'pg';
import { aDelivery, anEvent, newId } from '../../../test/store-contract/samples.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { recordedLog } from '../../../test/support/postgres-log.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { idAt } from '../../core/ids.ts';
import type { Store } from '../../ports/store.ts';
import { PARTITIONED, weekOf, weeksFrom } from './partitions.ts';
import { openPostgresStore } from './store.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
const servers = testServers();
const times = fc.integer({ min: 0, max: 2 ** 45 });

test('a week is named by its Monday', () => {
  assert.equal(weekOf(Date.UTC(2026, 10, 22, 23, 59, 59, 999)).name, '20261116');
  assert.equal(weekOf(Date.UTC(2026, 10, 23)).name, '20261123');
  assert.deepEqual(
    weeksFrom(Date.UTC(2026, 10, 22)).map(({ name }) => name),
    ['20261116', '20261123'],
  );
});

test('an id is in the week of its time, and weeks leave no gap', () => {
  fc.assert(
    fc.property(times, fc.uint8Array({ minLength: 16, maxLength: 16 }), (ms, random) => {
      const { from, below } = weekOf(ms);
      const id = idAt(ms, random);
      assert.ok(from <= id && id < below);
      assert.equal(weekOf(ms, 1).from, below);
      assert.equal(weekOf(ms, -1).below, from);
    }),
  );
});

interface Yard {
  open(): Promise<Awaited<ReturnType<typeof openPostgresStore>>['store']>;
  advance(ms: number): void;
  /** Housekeeping. Again where a server that stood still let a week fail, which waits for a later look then. */
  maintain(...stores: readonly Pick<Store, 'maintain'>[]): Promise<void>;
  log: ReturnType<typeof recordedLog>;
  /** A session beside those of the stores. */
  other: Client;
  partitions(table: string): Promise<readonly string[]>;
  weeks(...distances: readonly number[]): readonly string[];
}

const [TOOK_TOO_LONG, LOCKED_TOO_LONG] = ['57014', '55P03'];

/** Which partitions could not be made, and why. */
function failures(log: Yard['log']): readonly { partition: unknown; code: string | undefined }[] {
  return log.fieldsOf('partition.failed').map(({ partition, error }) => {
    assert.ok(error instanceof DatabaseError, String(error));
    return { partition, code: error.code };
  });
}

/** Runs `prove` on every server, in a schema of its own. */
async function yard(prove: (yard: Yard) => Promise<void>): Promise<void> {
  for (const server of servers) {
    const url = await server.schema();
    const log = recordedLog();
    const other = new Client({ connectionString: url });
    await other.connect();
    const opened: Awaited<ReturnType<typeof openPostgresStore>>[] = [];
    let offsetMs = 0;
    let openedMs: number | null = null;
    const advance = (ms: number) => {
      offsetMs += ms;
    };
    const maintain: Yard['maintain'] = async (...stores) => {
      for (;;) {
        const before = failures(log).length;
        await Promise.all(stores.map((store) => store.maintain()));
        if (failures(log).length === before) return;
        advance(60_000);
      }
    };
    try {
      await prove({
        log,
        other,
        open: async () => {
          const made = await openPostgresStore({ url, log, shards: 1, clockOffsetMs: () => offsetMs, times: PATIENT });
          opened.push(made);
          // The week it took partitions for, also when the test began in the one before.
          openedMs ??= Date.now();
          if (failures(log).length > 0) await maintain(made.store);
          return made.store;
        },
        advance,
        maintain,
        partitions: async (table) => {
          const { rows } = await other.query<{ name: string }>(
            `select inhrelid::regclass::text as name from pg_inherits where inhparent = '${table}'::regclass order by 1`,
          );
          return rows.map(({ name }) => name);
        },
        weeks: (...distances) => distances.map((distance) => weekOf(openedMs ?? assert.fail(), distance).name),
      });
    } finally {
      await Promise.all(opened.map(({ store }) => store.close()));
      await other.end();
      await server.drop(url);
    }
  }
}

test('an install makes this week and the next one; as time goes on, housekeeping makes more', () =>
  yard(async ({ open, advance, maintain, partitions, weeks }) => {
    const store = await open();
    const named = (table: string, names: readonly string[]) => [
      ...names.map((name) => `${table}_${name}`),
      `${table}_default`,
    ];
    for (const table of PARTITIONED) assert.deepEqual(await partitions(table), named(table, weeks(0, 1)));
    advance(2 * WEEK_MS);
    await maintain(store);
    for (const table of PARTITIONED) assert.deepEqual(await partitions(table), named(table, weeks(0, 1, 2, 3)));
  }));

test('rows stand in the week of their ids, and those of a time without a week in the DEFAULT partition', () =>
  yard(async ({ open, other, weeks }) => {
    const store = await open();
    for (const ms of [Date.now(), Date.now() - 100 * WEEK_MS]) {
      const event = anEvent({ id: idAt(ms, crypto.getRandomValues(new Uint8Array(16))) });
      await store.append({ event, deliveries: [aDelivery(event, newId())], configVersion: 0, claims: [] });
    }
    const { rows } = await other.query<{ name: string }>(
      'select tableoid::regclass::text as name from event order by id',
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['event_default', `event_${weeks(0)[0]}`],
    );
  }));

test('a week that came without its partition stays in DEFAULT, is told once, and stops no other', () =>
  yard(async ({ open, advance, maintain, log, partitions, weeks }) => {
    const store = await open();
    const late = anEvent({ id: idAt(Date.now() + 3 * WEEK_MS, crypto.getRandomValues(new Uint8Array(16))) });
    await store.append({ event: late, deliveries: [], configVersion: 0, claims: [] });
    advance(2 * WEEK_MS);
    await maintain(store);
    advance(WEEK_MS);
    await maintain(store);
    const names = weeks(0, 1, 2, 4).map((name) => `event_${name}`);
    assert.deepEqual(await partitions('event'), [...names, 'event_default']);
    assert.deepEqual(log.fieldsOf('partition.skipped'), [{ partition: `event_${weeks(3)[0]}` }]);
    assert.equal((await partitions('attempt')).length, 6);
  }));

test('while somebody holds a table nobody waits long for its partition, which is made later', () =>
  yard(async ({ open, advance, maintain, log, other, partitions, weeks }) => {
    const store = await open();
    await other.query('begin');
    await other.query('select 1 from event');
    advance(WEEK_MS);
    let isOver = false;
    const maintained = store.maintain().finally(() => {
      isOver = true;
    });
    // They stand behind who waits for the table, and would be given up if that went on.
    while (!isOver) {
      const outcome = await store.append({ event: anEvent(), deliveries: [], configVersion: 0, claims: [] });
      assert.equal(outcome.kind, 'appended');
    }
    await maintained;
    assert.equal((await partitions('event')).length, 3);
    const locked = failures(log).filter(({ code }) => code !== TOOK_TOO_LONG);
    assert.deepEqual(locked, [{ partition: `event_${weeks(2)[0]}`, code: LOCKED_TOO_LONG }]);
    // The others are made, unless the server itself stood still.
    for (const table of PARTITIONED) {
      const isMissing = failures(log).some(({ partition }) => partition === `${table}_${weeks(2)[0]}`);
      assert.equal((await partitions(table)).length, isMissing ? 3 : 4, table);
    }
    await other.query('rollback');
    await store.maintain();
    assert.equal((await partitions('event')).length, 3, 'not at once again');
    advance(60_000);
    await maintain(store);
    assert.equal((await partitions('event')).length, 4);
  }));

test('nodes that look at once make each partition once, and say nothing of each other', () =>
  yard(async ({ open, advance, maintain, log, partitions }) => {
    const stores = await Promise.all([open(), open(), open()]);
    for (let week = 0; week < 5; week++) {
      advance(WEEK_MS);
      await maintain(...stores);
    }
    assert.equal((await partitions('event')).length, 8);
    const made = log.fieldsOf('partition.made');
    assert.equal(new Set(made.map(({ partition }) => partition)).size, made.length);
    // None says that there is one already; a server that stood still is something else.
    const ofEachOther = failures(log).filter(({ code }) => code !== TOOK_TOO_LONG && code !== LOCKED_TOO_LONG);
    assert.deepEqual([ofEachOther, log.fieldsOf('partition.skipped')], [[], []]);
  }));
