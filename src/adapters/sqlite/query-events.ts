/** Reading events. */
import type { HookEvent } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { EventQuery, StoredEvent } from '../../ports/store.ts';
import { blob } from '../sql/id-bytes.ts';
import type { Database } from './database.ts';
import { type EventRow, hookEvent } from './rows.ts';
import { endOf, type Walk, walk } from './walk.ts';

export function* events(db: Database, query: EventQuery): Generator<undefined, readonly HookEvent[], undefined> {
  const filters = { ...given('type', query.type), ...given('owner', query.owner) };
  const pieces = ['events', ...Object.keys(filters).map((name) => `events.${name}`)];
  const tenant = blob(query.tenant);
  const rows: Walk<EventRow> = walk(
    {
      end: (range, order) => endOf(db, 'slices.events', { ...range, tenant }, order),
      rows: (range, limit, order) =>
        db.select<EventRow>([...pieces, `events.${order}`], { ...range, ...filters, tenant, limit }),
    },
    query,
  );
  return (yield* rows).map(hookEvent);
}

function given(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: value };
}

/** An event as it crosses to the main thread: its targets still packed, 36 bytes each. */
export type EventAnswer = Omit<StoredEvent, 'targets'> & { targets: Uint8Array };

export function event(db: Database, input: { tenant: Id; id: Id }): EventAnswer | null {
  type Row = EventRow & { config_version: number; targets: Uint8Array };
  const row = db.get<Row>('event', blob(input.id), blob(input.tenant));
  if (row === undefined) return null;
  return { event: hookEvent(row), configVersion: row.config_version, targets: row.targets };
}
