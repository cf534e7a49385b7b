/** Reading events. */
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { EventQuery, StoredEvent } from '../../ports/store.ts';
import { orderOf, shownFrom, skippedOf } from '../sql/order.ts';
import { targetsOf } from '../sql/targets.ts';
import type { Session } from './database.ts';
import { rangeOf } from './page.ts';
import { type EventRow, hookEvent } from './rows.ts';

export async function events(session: Session, query: EventQuery): Promise<readonly HookEvent[]> {
  const { tenant, limit, type, owner } = query;
  const order = orderOf(query);
  const filters = { ...(type === undefined ? {} : { type }), ...(owner === undefined ? {} : { owner }) };
  const pieces = ['events', ...Object.keys(filters).map((name) => `events.${name}`), `events.${order}`];
  const values = { ...rangeOf(query), ...filters, tenant, limit, skipped: skippedOf(query) };
  const rows = await session.rows<EventRow>(pieces, values);
  return shownFrom(rows, order).map(hookEvent);
}

export async function event(session: Session, tenant: Id, id: Id): Promise<StoredEvent | null> {
  type Row = EventRow & { config_version: number; targets: Uint8Array };
  const row = await session.row<Row>('event', { id, tenant });
  if (row === undefined) return null;
  return { event: hookEvent(row), configVersion: row.config_version, targets: targetsOf(row.targets) };
}
