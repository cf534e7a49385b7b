/** A PostgreSQL schema as it looks after weeks of work: every table filled, in every week, made by the server itself. */

import { Client } from 'pg';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { install } from '../../src/adapters/postgres/install.ts';
import { makePartition, PARTITIONED, weekOf } from '../../src/adapters/postgres/partitions.ts';
import { RECEIVED } from '../../src/adapters/postgres/values.ts';
import type { Id } from '../../src/core/ids.ts';
import { PATIENT } from './postgres-patience.ts';

export interface Filled {
  /** All of one tenant, but a tenth. */
  tenant: Id;
  small: Id;
  /** One all of whose deliveries were made; one with some that were not; one with some that wait in lanes. */
  subscription: Id;
  failing: Id;
  waiting: Id;
  waitingShard: number;
  source: Id;
  /** One with receipts that were rejected. */
  rejecting: Id;
  /** One that was paused, and holds what came. */
  holding: Id;
  /** The n-th event, its delivery and the receipt of the same number, which are there for odd ones. */
  event(n: number): Promise<Id>;
  delivery(n: number): Promise<Id>;
  receipt(n: number): Promise<Id>;
}

export const WEEKS = 5;
const DAY_MS = 24 * 3_600_000;
/** The last row is a minute old. */
const SPAN_MS = 30 * DAY_MS;

/**
 * One delivery for each event. Of twenty deliveries fourteen succeeded, one failed after three tries, one waits for its
 * second try, two are due, one waits in a lane and one in an ordered lane.
 */
const FILL = `
create function id_at(ms bigint, of text) returns uuid immutable language sql as $$
  select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(of), 1, 3) || '8' || substr(md5(of), 4, 15))::uuid
$$;
create table numbered as
select n, first_ms + n * step as ms, n % 20 as kind, id_at(first_ms + n * step, 'event ' || n) as event_id,
  id_at(first_ms + n * step, 'delivery ' || n) as delivery_id, id_at(first_ms + n * step, 'receipt ' || n) as receipt_id,
  id_at(1, 'subscription ' || n % 200) as subscription_id, id_at(1, 'tenant ' || (n % 10 = 0)::int) as tenant,
  id_at(1, 'source ' || n % 20) as source_id,
  (get_byte(uuid_send(id_at(1, 'subscription ' || n % 200)), 15) % SHARDS)::smallint as shard
from (select floor(extract(epoch from clock_timestamp()) * 1000)::bigint - SPAN - 60000 as first_ms, SPAN / ROWS as step) t,
  generate_series(0, ROWS - 1) n;
create unique index on numbered (n);

insert into subscription (id, tenant, version, state, pauses, created_ms, updated_ms, consecutive_failures, deleted_ms)
select distinct subscription_id, tenant, 1, 'active', '[]', 0, 0, case when n % 40 = 0 then 3 else 0 end,
  case when n % 200 = 7 then 5 end from numbered where n < 200;
insert into subscription_version select id, 1, '\\x00' from subscription;
insert into config_version select distinct tenant, 0 from numbered;
insert into source (id, tenant, version, enabled, url_key_hash, created_ms, updated_ms, config)
select distinct on (source_id) source_id, tenant, 1, 1, sha256(source_id::text::bytea), 0, 0, '\\x00' from numbered
order by source_id, n;
insert into event (id, tenant, owner, type, external_id, ordering_key, tags, headers, occurred_ms, accepted_ms, source_kind,
  source_id, config_version, targets, body)
select event_id, tenant, case when n % 3 = 0 then 'owner' end, 'type.' || n % 7, null, null, '[]', '{}', ms, ms, 'api',
  null, 0, uuid_send(subscription_id) || int4send(1) || uuid_send(delivery_id),
  convert_to('{"n":' || n || ',"text":"' || repeat(md5(n::text), 6) || '"}', 'UTF8')
from numbered;
insert into due (shard, due_ms, delivery_id, event_id, subscription_id, n, flags)
select shard, ms + 5, delivery_id, event_id, subscription_id, case when kind = 15 then 1 else 0 end, 0
from numbered where kind between 15 and 17;
insert into lane
select shard, subscription_id, case when kind = 18 then '' else 'key ' || n % 8 end, nextval('lane_pos'), delivery_id,
  event_id, 0, 0, 0
from numbered where kind >= 18;
insert into lane_state select distinct subscription_id, shard, 'paused', 0, null::bigint from lane;
insert into attempt
select delivery_id, try, event_id, subscription_id, 1, tenant, ms + try * 1000, 1, (kind < 14)::int::smallint,
  case when kind < 14 then 200 else 503 end, case when kind < 14 then null else 'http_5xx' end, 12.5,
  case when kind < 14 then 'succeeded' when kind = 14 and try = 3 then 'failed_permanent' end,
  '{"facts":{},"text":"' || repeat(md5(n::text), 8) || '"}', null
from numbered, generate_series(1, case when kind = 14 then 3 else 1 end) as try where kind <= 15;
insert into redelivery
select delivery_id, event_id, subscription_id, null, 'redelivery', null from numbered where n % 500 = 1;
insert into receipt
select receipt_id, tenant, source_id, ms, 'POST', '{}', '\\x7b7d', '{"ok":true}',
  case when n % 25 = 3 then 'rejected' when n % 20 = 5 then 'held' else 'processed' end, null, null, 0,
  array[event_id]
from numbered where n % 2 = 1;
insert into fact select receipt_id, f, '{}', '{}' from numbered, generate_series(0, 1) as f where n % 2 = 1;
insert into receipt_key select source_id, 'key ' || n, receipt_id, ms + 600000 from numbered where n % 2 = 1;
insert into idem select tenant, 'POST /events', 'key ' || n, '\\x00', '\\x00', ms from numbered where n % 4 = 0;
insert into task select shard, ms, event_id, tenant, 'fanout', event_id, 0, '\\x00' from numbered where n % 100 = 0;
`;

/** Installs a schema with some past weeks, in which there is nothing yet. */
export async function emptyPostgres(url: string, shards = 16): Promise<Client> {
  const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {}, times: PATIENT });
  await install(database, shards);
  await database.transaction('query', async (session) => {
    for (let ago = 1; ago <= WEEKS; ago++) {
      for (const table of PARTITIONED) await makePartition(session, table, weekOf(Date.now(), -ago));
    }
  });
  await database.close();
  const client = new Client({ connectionString: url, types: RECEIVED });
  await client.connect();
  return client;
}

/** Fills it, on a connection of its own. */
export async function fill(client: Client, rows: number, shards = 16): Promise<Filled> {
  await client.query(
    FILL.replaceAll('SHARDS', `${shards}`).replaceAll('SPAN', `${SPAN_MS}`).replaceAll('ROWS', `${rows}`),
  );
  const columnOf = async <T>(column: string, n: number) => {
    const { rows } = await client.query<{ it: T }>(`select ${column} as it from numbered where n = $1`, [n]);
    if (rows[0] === undefined) throw new Error(`there is no row ${n}`);
    return rows[0].it;
  };
  return {
    tenant: await columnOf('tenant', 1),
    small: await columnOf('tenant', 0),
    subscription: await columnOf('subscription_id', 1),
    failing: await columnOf('subscription_id', 14),
    waiting: await columnOf('subscription_id', 19),
    waitingShard: await columnOf('shard', 19),
    source: await columnOf('source_id', 1),
    rejecting: await columnOf('source_id', 3),
    holding: await columnOf('source_id', 5),
    event: (n) => columnOf('event_id', n),
    delivery: (n) => columnOf('delivery_id', n),
    receipt: (n) => columnOf('receipt_id', n),
  };
}
