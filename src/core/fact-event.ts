import { type Fact, type ImageFact, type PingFact, TERMINAL_STATES } from './fact.ts';
import type { Id } from './ids.ts';
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

type OtherFact = Exclude<Fact, ImageFact | PingFact>;

/** Event type for each other kind; where it has two, what the fact says decides. */
const OTHER_EVENTS: { readonly [Kind in OtherFact['kind']]: (fact: Extract<OtherFact, { kind: Kind }>) => string } = {
  'git.push': () => 'git.pushed',
  'git.tag': () => 'git.tagged',
  'git.delete': () => 'git.deleted',
  'git.release': () => 'git.released',
  change_request: ({ merged }) => (merged ? 'change_request.merged' : 'change_request.updated'),
  'ci.run': ({ status }) => (TERMINAL_STATES.has(status) ? 'run.finished' : 'run.updated'),
  'deployment.status': () => 'deployment.reported',
};

/**
 * The event that subscribers get for a fact, or null when it makes none. Its time is the sender's, ISO-8601, and null
 * when the sender gave none: the event's own times say when it was received.
 */
export function eventOf(fact: Fact, lineage: FactLineage): FactEvent | null {
  if (fact.kind === 'ping') return null;
  return isImage(fact) ? imageEvent(fact, lineage) : otherEvent(fact, lineage);
}

function isImage(fact: Fact): fact is ImageFact {
  return Object.hasOwn(IMAGE_EVENTS, fact.kind);
}

function imageEvent(fact: ImageFact, { receiptId, sourceId }: FactLineage): FactEvent {
  const { registry, repository, tag, digest, actor, origin, timeMs, subject } = fact;
  const { type, timeName } = IMAGE_EVENTS[fact.kind];
  const data = { receiptId, sourceId, actor, origin, [timeName]: isoTimeOrNull(timeMs) };
  const about = subject === undefined ? {} : { subject };
  return { type, data: { image: { registry, repository, tag, digest }, ...data, ...about } };
}

function otherEvent<Kind extends OtherFact['kind']>(
  fact: Extract<OtherFact, { kind: Kind }>,
  { receiptId, sourceId }: FactLineage,
): FactEvent {
  const type = OTHER_EVENTS[fact.kind](fact);
  const { kind: _kind, timeMs, timeSource: _source, ...said } = fact;
  return { type, data: { ...said, time: isoTimeOrNull(timeMs), receiptId, sourceId } };
}
