import type { Id } from './ids.ts';
import type { Fact, ImageFact } from './receipt.ts';
import { isoTimeOrNull } from './time.ts';

/** The event a fact becomes; `data` is plain JSON. */
export interface FactEvent {
  type: string;
  data: Readonly<Record<string, unknown>>;
}

/** Where a fact was read. */
export interface FactLineage {
  receiptId: Id;
  sourceId: Id;
}

/** Event type for each kind of image fact, and the name its time has there. */
const IMAGE_EVENTS: Readonly<Record<ImageFact['kind'], { type: string; timeName: string }>> = {
  'image.push': { type: 'image.pushed', timeName: 'pushedAt' },
  'image.delete': { type: 'image.deleted', timeName: 'deletedAt' },
  'image.available': { type: 'image.available', timeName: 'availableAt' },
  'chart.push': { type: 'chart.pushed', timeName: 'pushedAt' },
};

/** Every kind of fact that becomes an event of its own type. */
export const imageFactKinds = Object.keys(IMAGE_EVENTS) as readonly ImageFact['kind'][];

/**
 * The event that subscribers get for a fact, or null when it makes none. Its time is the sender's, ISO-8601, and null
 * when the sender gave none: the event's own times say when it was received.
 */
export function eventOf(fact: Fact, { receiptId, sourceId }: FactLineage): FactEvent | null {
  if (fact.kind === 'ping') return null;
  const { registry, repository, tag, digest, actor, origin, timeMs } = fact;
  const { type, timeName } = IMAGE_EVENTS[fact.kind];
  const image = { registry, repository, tag, digest };
  return { type, data: { image, receiptId, sourceId, actor, origin, [timeName]: isoTimeOrNull(timeMs) } };
}
