import type { ReadFact } from '../core/fact.ts';
import { eventOf } from '../core/fact-event.ts';
import { HOPS_HEADER, hopsOf } from '../core/hops.ts';
import { idAt } from '../core/ids.ts';
import type { Receipt } from '../core/receipt.ts';
import type { EventAppend, Ports } from '../ports.ts';
import type { LiveConfiguration } from './configuration.ts';
import { eventAppend } from './targets.ts';

const utf8 = new TextEncoder();

/** The events that facts of a receipt become at `nowMs`, each with a delivery for every subscription that wants it. */
export function eventsOf(
  ports: Pick<Ports, 'mac' | 'random' | 'dispatch'>,
  receipt: Pick<Receipt, 'id' | 'tenant' | 'sourceId' | 'headers' | 'receivedAtMs'>,
  facts: readonly ReadFact[],
  configuration: LiveConfiguration,
  nowMs: number,
): EventAppend[] {
  const hops = hopsOf(receipt.headers);
  const headers: Record<string, string> = hops === 0 ? {} : { [HOPS_HEADER]: `${hops}` };
  return facts.flatMap(({ fact }) => {
    const made = eventOf(fact, { receiptId: receipt.id, sourceId: receipt.sourceId });
    if (made === null) return [];
    const event = {
      id: idAt(nowMs, ports.random.bytes(16)),
      tenant: receipt.tenant,
      type: made.type,
      owner: null,
      externalId: null,
      orderingKey: null,
      tags: [],
      headers,
      occurredAtMs: (fact.kind === 'ping' ? null : fact.timeMs) ?? receipt.receivedAtMs,
      acceptedAtMs: nowMs,
      source: { kind: 'receipt' as const, id: receipt.id },
      data: utf8.encode(JSON.stringify(made.data)),
    };
    return [eventAppend(event, made.data, configuration, ports)];
  });
}
