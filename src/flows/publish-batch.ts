/** Several events come in with one request: each for itself, or all of them together. */
import type { Id } from '../core/ids.ts';
import { type FieldError, type Problem, problem } from '../core/problem.ts';
import type { BatchOutcome, EventAppend, IdempotencyClaim, Ports, UsedClaim } from '../ports.ts';
import { type LiveConfiguration, MAX_DECISIONS } from './configuration.ts';
import { giveWay } from './give-way.ts';
import { claimOf, openAnswer } from './idempotency.ts';
import {
  type Accepted,
  acceptedAs,
  claimsOf,
  eventOf,
  mismatched,
  type PublishInput,
  type PublishPorts,
  publish,
  RESTLESS,
  repeated,
} from './publish.ts';
import { appendFor } from './targets.ts';

/** What became of one event of a batch. */
export type Published = Accepted | Problem;

/** An event, and its place in the batch it came with. */
export interface BatchItem {
  at: number;
  input: PublishInput;
}

/** The caller's key of a whole batch, with the digest of its body. */
export interface BatchKey {
  tenant: Id;
  key: string;
  bodyHash: Uint8Array;
}

const SCOPE = 'POST /api/v1/events/batch';
/** Of a batch of events for themselves each has a claim of its own: a repetition after a crash makes those missing. */
const ITEM_SCOPE = `${SCOPE} item`;
/** Events of one batch under way at once. */
const MAX_AT_ONCE = 64;
/** An atomic batch is one transaction, and everybody else waits for it. Measured on SQLite: 0.2 to 0.4 s for so many. */
const MAX_TOGETHER = 10_000;

/**
 * Publishes each event for itself, in their order those of one ordering key. When the store fails, what was not begun
 * is refused like what failed. `failed` says what an error comes to.
 */
export async function publishEach(
  ports: PublishPorts,
  items: readonly BatchItem[],
  key: BatchKey | null,
  failed: (error: unknown) => Problem,
): Promise<ReadonlyMap<number, Published>> {
  const published = new Map<number, Published>();
  const ends = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();
  let away: Problem | null = null;

  async function one({ at, input }: BatchItem, before: Promise<void> | undefined): Promise<void> {
    await before;
    const outcome = away ?? (await publish(ports, keyedInput(input, at, key)).catch(failed));
    if (outcome.kind === 'problem' && outcome.code === 'store_unavailable') away = outcome;
    published.set(at, outcome);
  }

  for (const item of items) {
    const { orderingKey } = item.input;
    const done = one(item, orderingKey === undefined ? undefined : ends.get(orderingKey));
    if (orderingKey !== undefined) ends.set(orderingKey, done);
    running.add(done);
    void done.then(() => running.delete(done));
    // Matching one event may take a millisecond.
    await giveWay(ports);
    if (running.size >= MAX_AT_ONCE) await Promise.race(running);
  }
  await Promise.all(running);
  return published;
}

function keyedInput(input: PublishInput, at: number, key: BatchKey | null): PublishInput {
  // A key has no space in it.
  return key === null ? input : { ...input, idempotencyKey: `${at} ${key.key}`, keyScope: ITEM_SCOPE };
}

/** Notes that a batch of events for themselves has begun under this key; whether it had before. */
export async function beginBatch(
  ports: Pick<PublishPorts, 'store' | 'sealer' | 'mac'>,
  use: BatchKey,
): Promise<{ kind: 'begun'; before: boolean } | Problem> {
  const before = await ports.store.recall(use.tenant, SCOPE, use.key);
  if (before === null) await ports.store.remember(use.tenant, wholeClaim(ports, use, null));
  const kept = before ?? (await ports.store.recall(use.tenant, SCOPE, use.key));
  if (kept !== null && !ports.mac.equal(kept.bodyHash, use.bodyHash)) return mismatched(SCOPE);
  return { kind: 'begun', before: before !== null };
}

/** All events of a batch as they were accepted; `before`: the first time its key was used. */
export interface AllAccepted {
  kind: 'accepted';
  all: readonly Accepted[];
  before: boolean;
}

/**
 * Stores all events in one transaction or none: one that cannot be has the whole refused, with its pointer. An event
 * that was accepted before, or stands twice in the batch, is no reason to refuse.
 */
export async function publishTogether(
  ports: PublishPorts,
  tenant: Id,
  inputs: readonly PublishInput[],
  key: BatchKey | null,
): Promise<AllAccepted | Problem> {
  const twins = twinsOf(ports, inputs);
  if (twins.errors.length > 0) return problem('batch_refused', { errors: twins.errors });
  const known = new Map<number, Accepted>();
  let configuration = await ports.configuration.of(tenant);
  for (let decisions = 0; decisions < MAX_DECISIONS; decisions++) {
    const fresh = inputs.flatMap((input, at) => (twins.firstOf.has(at) || known.has(at) ? [] : [{ at, input }]));
    const decided = await decideAll(ports, fresh, configuration);
    if (decided.kind === 'problem') return decided;
    const all = inputs.map((_input, at) => allTold(at, decided.accepted, known, twins.firstOf));
    const outcome = await ports.store.appendAll({
      tenant,
      appends: decided.appends,
      configVersion: configuration.version,
      claims: key === null ? [] : [wholeClaim(ports, key, all)],
    });
    const ended = ending(ports, tenant, decided.appends, outcome, all);
    if (ended !== null) return ended;
    const refusal = outcome.kind === 'used' ? learn(ports, tenant, fresh, outcome.uses, known) : null;
    if (refusal !== null) return refusal;
    if (outcome.kind === 'stale') configuration = await ports.configuration.refresh(tenant);
  }
  return RESTLESS;
}

/** What the batch came to; null when it has to be decided again. */
function ending(
  ports: PublishPorts,
  tenant: Id,
  appends: readonly EventAppend[],
  outcome: BatchOutcome,
  all: readonly Accepted[],
): AllAccepted | Problem | null {
  switch (outcome.kind) {
    case 'appended':
      ports.metrics.count('events_accepted_total', {}, appends.length);
      for (const [at, { event }] of appends.entries()) {
        ports.dispatch.offer({ event, tickets: outcome.tickets[at] ?? [] });
      }
      return { kind: 'accepted', all, before: false };
    case 'duplicate':
      // The batch was repeated after an unknown outcome; the first one stands.
      return { kind: 'accepted', all, before: false };
    case 'repeated':
      return toldBefore(ports, tenant, outcome.answer);
    case 'mismatch':
      return mismatched(outcome.scope);
    case 'used':
    case 'stale':
      return null;
  }
}

interface Decided {
  kind: 'decided';
  appends: readonly (EventAppend & { claims: readonly IdempotencyClaim[] })[];
  accepted: ReadonlyMap<number, Accepted>;
}

async function decideAll(
  ports: PublishPorts,
  fresh: readonly BatchItem[],
  configuration: LiveConfiguration,
): Promise<Decided | Problem> {
  const appends: Decided['appends'][number][] = [];
  const accepted = new Map<number, Accepted>();
  let deliveries = 0;
  for (const { at, input } of fresh) {
    const event = eventOf(ports, input);
    const append = await appendFor(event, input.value, configuration, ports);
    deliveries += append.deliveries.length;
    // One event alone is taken however many want it: a task makes its deliveries.
    if (deliveries > MAX_TOGETHER && appends.length > 0) return tooWide(at);
    const told = acceptedAs(append);
    accepted.set(at, told);
    appends.push({ ...append, claims: claimsOf(ports, input, told) });
    await giveWay(ports);
  }
  return { kind: 'decided', appends, accepted };
}

function tooWide(at: number): Problem {
  const message = `With this event the batch would make more than ${MAX_TOGETHER} deliveries; send fewer, or without \`atomic\`.`;
  return problem('batch_refused', { errors: [{ pointer: `/events/${at}`, message }] });
}

/** Events whose id stands earlier in the same batch: place → place of the first. */
interface Twins {
  firstOf: ReadonlyMap<number, number>;
  errors: readonly FieldError[];
}

function twinsOf({ mac }: Pick<Ports, 'mac'>, inputs: readonly PublishInput[]): Twins {
  const seen = new Map<string, number>();
  const firstOf = new Map<number, number>();
  const errors: FieldError[] = [];
  for (const [at, { id, bodyHash }] of inputs.entries()) {
    if (id === undefined) continue;
    const first = seen.get(id);
    const earlier = first === undefined ? undefined : inputs[first];
    if (first === undefined || earlier === undefined) seen.set(id, at);
    else if (mac.equal(earlier.bodyHash(), bodyHash())) firstOf.set(at, first);
    else
      errors.push({
        pointer: `/events/${at}/id`,
        message: `Event ${first} of the batch has this id and another body.`,
      });
  }
  return { firstOf, errors };
}

function allTold(
  at: number,
  fresh: ReadonlyMap<number, Accepted>,
  known: ReadonlyMap<number, Accepted>,
  firstOf: ReadonlyMap<number, number>,
): Accepted {
  const first = firstOf.get(at) ?? at;
  const told = fresh.get(first) ?? known.get(first);
  if (told === undefined) throw new Error('an event of a batch was not decided');
  return first === at ? told : { ...told, repeats: 'id' };
}

/** Takes in which events were accepted before; refuses the batch for those that had another body then. */
function learn(
  ports: Pick<Ports, 'sealer'>,
  tenant: Id,
  fresh: readonly BatchItem[],
  uses: readonly UsedClaim[],
  known: Map<number, Accepted>,
): Problem | null {
  const errors: FieldError[] = [];
  for (const { at: place, use } of uses) {
    const at = fresh[place]?.at ?? 0;
    const told = use.kind === 'mismatch' ? mismatched(use.scope) : repeated(ports, tenant, use);
    if (told.kind === 'accepted') known.set(at, told);
    else if (told.code !== 'idempotency_mismatch') return told;
    else errors.push({ pointer: `/events/${at}/id`, message: told.detail ?? '' });
  }
  return errors.length === 0 ? null : problem('batch_refused', { errors });
}

function wholeClaim(
  ports: Pick<Ports, 'sealer'>,
  { tenant, key, bodyHash }: BatchKey,
  all: readonly Accepted[] | null,
): IdempotencyClaim {
  return claimOf(ports, tenant, SCOPE, key, bodyHash, { all });
}

function toldBefore(ports: Pick<Ports, 'sealer'>, tenant: Id, sealed: Uint8Array): AllAccepted | Problem {
  const answer = openAnswer<{ all: readonly Accepted[] }>(ports, tenant, sealed);
  return answer === null ? problem('secret_unavailable') : { kind: 'accepted', all: answer.all, before: true };
}
