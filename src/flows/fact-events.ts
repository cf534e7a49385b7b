import type { ReadFact } from '../core/fact.ts';
import { eventOf } from '../core/fact-event.ts';
import { HOPS_HEADER, hopsOf } from '../core/hops.ts';
import { idAt } from '../core/ids.ts';
import type { Receipt } from '../core/receipt.ts';
import type { EventAppend, Ports } from '../ports.ts';
import { createBreaks } from './breaks.ts';
import type { LiveConfiguration } from './configuration.ts';
import { appendFor } from './targets.ts';

const utf8 = new TextEncoder();

/** The events that facts of a receipt become at `nowMs`, each with a delivery for every subscription that wants it. */
export async function eventsOf(
  ports: Pick<Ports, 'mac' | 'random' | 'dispatch' | 'clock'>,
  receipt: Pick<Receipt, 'id' | 'tenant' | 'sourceId' | 'headers' | 'receivedAtMs'>,
  facts: readonly ReadFact[],
  configuration: LiveConfiguration,
  nowMs: number,
): Promise<EventAppend[]> {
  const hops = hopsOf(receipt.headers);
  const headers: Record<string, string> = hops === 0 ? {} : { [HOPS_HEADER]: `${hops}` };
  const due = createBreaks(ports);
  const appends: EventAppend[] = [];
  for (const { fact } of facts) {
    const made = eventOf(fact, { receiptId: receipt.id, sourceId: receipt.sourceId });
    if (made === null) continue;
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
    appends.push(await appendFor(event, made.data, configuration, ports));
    const pause = due();
    if (pause !== null) await pause;
  }
  return appends;
}
