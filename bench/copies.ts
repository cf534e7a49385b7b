/** Rows of a PostgreSQL store multiplied inside it: a million in half a minute, where appending them takes many. */
import type { Client } from 'pg';
import type { Id } from '../src/core/ids.ts';

/** Copied at once. */
const CHUNK = 50_000;

// A copy has all columns of its template but those that are named.
const COPY_SUBSCRIPTION = `
  with copies as (
    insert into subscription
    select c.* from subscription t cross join unnest($2::uuid[]) as i(id)
    cross join lateral jsonb_populate_record(t, jsonb_build_object('id', i.id)) c
    where t.id = $1
  )
  insert into subscription_version (id, version, config)
  select v.id, t.version, v.config
  from subscription t cross join unnest($2::uuid[], $3::bytea[]) as v(id, config) where t.id = $1`;

// Ids of version 7, a millisecond apart and up to that of the template; kind 1 for events, 2 for deliveries.
const MAKE_IDS = `
  create function pg_temp.made_id(template uuid, kind text, back bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex(('x' || left(replace(template::text, '-', ''), 12))::bit(48)::bigint - back), 12, '0')
      || '70008000' || kind || lpad(to_hex(back), 11, '0'))::uuid
  $$`;

const COPY_EVENT = `
  insert into event
  select c.* from event t cross join generate_series($2::bigint, $3::bigint, -1) as s(back)
  cross join lateral jsonb_populate_record(t, jsonb_build_object('id', pg_temp.made_id(t.id, '1', back))) c
  where t.id = $1`;

const COPY_LANE = `
  insert into lane
  select c.* from lane t cross join generate_series($2::bigint, $3::bigint, -1) as s(back)
  cross join lateral jsonb_populate_record(t, jsonb_build_object('event_id', pg_temp.made_id($1, '1', back),
    'delivery_id', pg_temp.made_id($1, '2', back), 'pos', nextval('lane_pos'))) c
  where t.event_id = $1`;

/** Adds subscriptions like one that is there, with these ids and sealed configurations. */
export async function copySubscription(
  client: Client,
  template: Id,
  copies: readonly { id: Id; config: Uint8Array }[],
): Promise<void> {
  for (let from = 0; from < copies.length; from += CHUNK) {
    const chunk = copies.slice(from, from + CHUNK);
    await client.query(COPY_SUBSCRIPTION, [template, chunk.map(({ id }) => id), chunk.map(({ config }) => config)]);
  }
}

/** Adds events like one that is there, each with its open delivery in the lane of the same subscription. */
export async function copyHeldEvent(client: Client, template: Id, copies: number): Promise<void> {
  await client.query(MAKE_IDS);
  for (let from = copies; from > 0; from -= CHUNK) {
    const to = Math.max(1, from - CHUNK + 1);
    await client.query(COPY_EVENT, [template, from, to]);
    await client.query(COPY_LANE, [template, from, to]);
  }
}
