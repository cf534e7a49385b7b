import type { HookEvent } from '../../core/event.ts';
import { redactHeaders } from '../../core/header.ts';
import { isoTime } from '../../core/time.ts';
import { showText } from './text.ts';

/**
 * An event as JSON text. `data` is put in as the bytes that were accepted: numbers keep their digits, and repeated
 * names and spacing stay.
 * @param more further fields, before `data`
 */
export function showEvent(event: HookEvent, more: Readonly<Record<string, unknown>> = {}): string {
  const fields = JSON.stringify({
    id: event.id,
    externalId: event.externalId,
    type: event.type,
    owner: event.owner,
    orderingKey: event.orderingKey,
    tags: event.tags,
    headers: redactHeaders(event.headers),
    occurredAt: isoTime(event.occurredAtMs),
    acceptedAt: isoTime(event.acceptedAtMs),
    source: event.source,
    ...more,
  });
  return `${fields.slice(0, -1)},"data":${showText(event.data)}}`;
}
