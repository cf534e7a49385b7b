/** What other processes put into the lanes of one's shards. */
import type { LaneCursor, LaneNews, ReadLimits } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { readWithin } from './lanes.ts';
import { columns } from './values.ts';

export async function laneNews(
  session: Session,
  cursors: readonly LaneCursor[],
  limits: ReadLimits,
): Promise<LaneNews> {
  const known = cursors.flatMap(({ shard, afterPos }) => (afterPos === null ? [] : [{ shard, pos: afterPos }]));
  const fresh = cursors.flatMap(({ shard, afterPos }) => (afterPos === null ? [shard] : []));
  const from = columns(known, { shards: ({ shard }) => shard, positions: ({ pos }) => pos });
  const read = await readWithin(session, ['claim.news'], from, limits);
  const positions = new Map([...known, ...(await endsOf(session, fresh))].map(({ shard, pos }) => [shard, pos]));
  for (const { place } of read.tickets) if (place.kind === 'lane') positions.set(place.shard, place.pos);
  return { read, positions };
}

async function endsOf(session: Session, shards: readonly number[]) {
  return shards.length === 0 ? [] : session.rows<{ shard: number; pos: number }>('lane_ends', { shards });
}
