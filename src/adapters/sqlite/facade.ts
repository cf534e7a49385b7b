/** The store's port on the main thread: packs requests, unpacks answers, and waits for neither disk nor lock. */
import { madeAtOnce } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type {
  AppendOutcome,
  AppendRequest,
  BatchAppend,
  BatchOutcome,
  Handover,
  NewDelivery,
  ReceiptOutcome,
  ReceiptRequest,
  ReceiptRevision,
  RedeliveryOutcome,
  RedeliveryRequest,
  RevisionOutcome,
  Settlement,
  SettleOutcome,
  SettleRequest,
  Store,
  StoredEvent,
  TaskOutcome,
  TaskSettlement,
  Ticket,
} from '../../ports/store.ts';
import { targetsOf } from '../sql/targets.ts';
import { packBatch } from './append-all.ts';
import { packConfigure } from './configuration.ts';
import type { Call, OperationName, Operations } from './operations.ts';
import { own, ownClaim, packAppend, packSettlement, placeAt, type Spot, ticketAt } from './packets.ts';
import type { Ask, Queries, QueryName } from './queries.ts';
import type { EventAnswer } from './query-events.ts';
import { type EventSpots, packReceipt } from './receipts.ts';
import { packRevision } from './revise.ts';
import type { SettleAnswer } from './settle.ts';
import { packTask } from './tasks.ts';

/** Roads to the two threads. */
export interface Roads {
  write(call: Call): Promise<unknown>;
  read(ask: Ask): Promise<unknown>;
  close(): Promise<void>;
}

type Input<Name extends OperationName> = Parameters<Operations[Name]>[1];
type Answer<Name extends OperationName> = ReturnType<Operations[Name]>;
type Question<Name extends QueryName> = Parameters<Queries[Name]>[1];
/** A query in steps answers with what its last step returns. */
type Reply<Name extends QueryName> =
  ReturnType<Queries[Name]> extends Generator<unknown, infer Last, unknown> ? Last : ReturnType<Queries[Name]>;

export function facade(shards: number, roads: Roads): Store {
  const write = <Name extends OperationName>(name: Name, input: Input<Name>) =>
    roads.write([name, input, false]) as Promise<Answer<Name>>;
  const read = async <Name extends QueryName>(name: Name, input: Question<Name>): Promise<Reply<Name>> => {
    const reply = await roads.read([name, input]);
    if (reply instanceof Error) throw reply;
    return reply as Reply<Name>;
  };
  return {
    shards,
    // One writer, and engine time never goes back: what is due is visible at once.
    trailMs: 0,
    neighbours: null,
    append: async (request) => appended(shards, request, await write('append', packAppendRequest(request))),
    appendAll: async (batch) => appendedAll(shards, batch, await write('appendAll', packBatch(batch))),
    redeliver: async (request) => redelivered(shards, request, await write('redeliver', ownRedelivery(request))),
    recordReceipt: async (request) => recorded(shards, request, await write('recordReceipt', packReceipt(request))),
    reviseReceipt: async (request) => revised(shards, request, await write('reviseReceipt', packRevision(request))),
    remember: (tenant, claim) => write('remember', { tenant, claim: ownClaim(claim) }),
    configure: (request) => write('configure', packConfigure(request)),
    touchKeys: (ids) => write('touchKeys', ids),
    lease: (owner, of, ttlMs, limits) => write('lease', { owner, shards: of, ttlMs, ...limits }),
    renew: (owner, leases, ttlMs) => write('renew', { owner, leases, ttlMs }),
    release: (owner, leases) => write('release', { owner, leases }),
    claim: (cursors, limits) => write('claim', { cursors, limits }),
    settle: async (request) => settled(request, await write('settle', packSettle(request))),
    intend: (tries) => write('intend', tries),
    lanes: (of) => write('lanes', of),
    setLane: (lane) => write('setLane', lane),
    closeLane: (subscriptionId, shard) => write('closeLane', { subscriptionId, shard }),
    laneRun: (lane, afterPos, limits) => write('laneRun', { lane, afterPos, limits }),
    laneHeads: (lane, afterKey, limits) => write('laneHeads', { lane, afterKey, limits }),
    claimTasks: (of, limit) => write('claimTasks', { shards: of, limit }),
    settleTask: async (settlement) => taskOutcome(shards, settlement, await write('settleTask', packTask(settlement))),
    recall: (tenant, scope, key) => read('recall', { tenant, scope, key }),
    configuration: (tenant) => read('configuration', tenant),
    configVersion: (tenant) => read('configVersion', tenant),
    subscriptionVersion: (tenant, id, version) => read('subscriptionVersion', { tenant, id, version }),
    health: (tenant, ids) => read('health', { tenant, ids }),
    troubled: (tenant, limit) => read('troubled', { tenant, limit }),
    keyByHash: (hash) => read('keyByHash', own(hash)),
    keys: (tenant) => read('keys', tenant),
    events: (query) => read('events', query),
    event: async (tenant, id) => storedEvent(await read('event', { tenant, id })),
    deliveries: (query) => read('deliveries', query),
    delivery: (tenant, id) => read('delivery', { tenant, id }),
    attempts: (tenant, id) => read('attempts', { tenant, id }),
    openTickets: (subscriptionId, limit) => read('openTickets', { subscriptionId, limit }),
    lane: (subscriptionId, shard) => read('lane', { subscriptionId, shard }),
    receipts: (query) => read('receipts', query),
    receipt: (tenant, id) => read('receipt', { tenant, id }),
    heldReceipts: (sourceId, limits) => read('heldReceipts', { sourceId, ...limits }),
    pulse: () => read('pulse', shards),
    maintain: () => write('maintain', undefined),
    close: () => roads.close(),
  };
}

function packAppendRequest(request: AppendRequest): Input<'append'> {
  return packAppend(request, request.configVersion, request.claims);
}

function ownRedelivery(request: RedeliveryRequest): RedeliveryRequest {
  return { ...request, claims: request.claims.map(ownClaim) };
}

function packSettle(request: SettleRequest): Input<'settle'> {
  return { settlements: request.settlements.map(packSettlement), health: [...request.health] };
}

/** Answers that are lists say where deliveries were put: the rest of a fresh ticket is in its request. */
function isSpots<Outcome extends { kind: string }, Spots extends readonly unknown[]>(
  answer: Outcome | Spots,
): answer is Spots {
  return Array.isArray(answer);
}

function appended(shards: number, request: AppendRequest, answer: Answer<'append'>): AppendOutcome {
  if (!isSpots<AppendOutcome, readonly Spot[]>(answer)) return answer;
  return { kind: 'appended', tickets: firstTickets(shards, request.event.id, madeAtOnce(request.deliveries), answer) };
}

function appendedAll(shards: number, { appends }: BatchAppend, answer: Answer<'appendAll'>): BatchOutcome {
  if (!isSpots<BatchOutcome, readonly (readonly Spot[])[]>(answer)) return answer;
  const tickets = appends.map(({ event, deliveries }, at) =>
    firstTickets(shards, event.id, madeAtOnce(deliveries), answer[at] ?? []),
  );
  return { kind: 'appended', tickets };
}

function redelivered(shards: number, request: RedeliveryRequest, answer: Answer<'redeliver'>): RedeliveryOutcome {
  if (!isSpots<RedeliveryOutcome, readonly Spot[]>(answer)) return answer;
  const { delivery, eventId, kind } = request;
  return { kind: 'appended', tickets: answer.map((spot) => ticketAt(delivery, eventId, kind, spot, shards)) };
}

function recorded(shards: number, request: ReceiptRequest, answer: Answer<'recordReceipt'>): ReceiptOutcome {
  if (!isSpots<ReceiptOutcome, readonly [Id | null, EventSpots]>(answer)) return answer;
  const [redeliveryOf, spots] = answer;
  return { kind: 'recorded', handovers: handedOver(shards, request, spots), redeliveryOf };
}

function revised(shards: number, request: ReceiptRevision, answer: Answer<'reviseReceipt'>): RevisionOutcome {
  if (!isSpots<RevisionOutcome, EventSpots>(answer)) return answer;
  return { kind: 'revised', handovers: handedOver(shards, request, answer) };
}

/** An event that was stored before hands nothing over. */
function handedOver(
  shards: number,
  { events }: Pick<ReceiptRequest, 'events'>,
  spots: EventSpots,
): readonly Handover[] {
  return events.flatMap(({ event, deliveries }, at): Handover[] => {
    const made = spots[at] ?? null;
    return made === null ? [] : [{ event, tickets: firstTickets(shards, event.id, madeAtOnce(deliveries), made) }];
  });
}

function storedEvent(answer: EventAnswer | null): StoredEvent | null {
  return answer === null ? null : { ...answer, targets: targetsOf(answer.targets) };
}

/** Deliveries without a spot existed before. */
function firstTickets(
  shards: number,
  eventId: Id,
  deliveries: readonly NewDelivery[],
  spots: readonly (Spot | null)[],
): readonly Ticket[] {
  return deliveries.flatMap((delivery, at) => {
    const spot = spots[at] ?? null;
    return spot === null ? [] : [ticketAt(delivery, eventId, 'first', spot, shards)];
  });
}

function settled(request: SettleRequest, answers: readonly SettleAnswer[]): readonly SettleOutcome[] {
  return request.settlements.map((settlement, at): SettleOutcome => {
    const answer = answers[at] ?? null;
    if (answer === 0) return { kind: 'lost' };
    return { kind: 'settled', ticket: answer === null ? null : ticketAfter(settlement, answer) };
  });
}

function ticketAfter({ ticket, attempt, next }: Settlement, spot: Spot): Ticket {
  const keptKey = ticket.place.kind === 'lane' ? ticket.place.key : '';
  const key = next.kind === 'park' ? next.hold.key : keptKey;
  return { ...ticket, n: attempt?.n ?? ticket.n, place: placeAt(spot, ticket.place.shard, key) };
}

function taskOutcome(shards: number, settlement: TaskSettlement, answer: Answer<'settleTask'>): TaskOutcome {
  if (answer === null) return { kind: 'lost' };
  const tickets = settlement.deliveries.flatMap((delivery, at) =>
    firstTickets(shards, delivery.eventId, [delivery], [answer[at] ?? null]),
  );
  return { kind: 'settled', tickets };
}
