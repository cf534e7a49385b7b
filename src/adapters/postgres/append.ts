/** Events coming in, a batch at a time: with their tickets, or with one fan-out task when there are too many. */
import { madeAtOnce } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import type { AppendOutcome, AppendRequest } from '../../ports/store.ts';
import type { Repeatable } from './batches.ts';
import { type UsedClaims, usedClaims } from './claims.ts';
import type { Session } from './database.ts';
import { openTickets } from './placing.ts';
import { lockLanesOf, type NewClaim, writeAll, writingOf } from './write.ts';

type Call = Repeatable<AppendRequest>;

/** `written`: answered with the tickets it gets. `stored`: by this very append before; answered with what is open. */
type Decision =
  | { kind: 'written'; claims: readonly NewClaim[] }
  | { kind: 'stored' }
  | Exclude<AppendOutcome, { kind: 'appended' }>;

/** In one transaction. Each is decided after those before it, as if they had come one by one. */
export async function append(
  session: Session,
  calls: readonly Call[],
  shards: number,
): Promise<readonly AppendOutcome[]> {
  await lockLanesOf(
    session,
    calls.flatMap(({ request }) => madeAtOnce(request.deliveries)),
    shards,
  );
  const known = await lookUp(session, lookOf(calls));
  const decisions = calls.map((call) => decide(known, call));
  const written = [...(await writeDecided(session, calls, decisions, shards))];
  const outcomes: AppendOutcome[] = [];
  for (const [at, { request }] of calls.entries()) {
    const decision = decisions[at];
    if (decision === undefined) continue;
    if (decision.kind === 'written') outcomes.push({ kind: 'appended', tickets: written.shift() ?? [] });
    else outcomes.push(decision.kind === 'stored' ? await stored(session, request) : decision);
  }
  return outcomes;
}

/** What is asked of the store before anything is written. */
interface Look {
  ids: readonly Id[];
  tenants: readonly Id[];
  claims: readonly NewClaim[];
}

interface Known {
  events: Set<Id>;
  versions: ReadonlyMap<Id, number>;
  claims: UsedClaims;
}

function lookOf(calls: readonly Call[]): Look {
  return {
    ids: calls.map(({ request }) => request.event.id),
    tenants: [...new Set(calls.map(({ request }) => request.event.tenant))],
    claims: calls.flatMap(({ request }) => request.claims.map((claim) => ({ tenant: request.event.tenant, claim }))),
  };
}

/** Which of these events and keys are there already, and which configuration is the current one. */
export async function lookUp(session: Session, { ids, tenants, claims }: Look): Promise<Known> {
  type Row = { kind: 'event'; id: Id; version: null } | { kind: 'tenant'; id: Id; version: number };
  const rows = await session.rows<Row>('append_state', { ids, tenants });
  return {
    events: new Set(rows.flatMap((row) => (row.kind === 'event' ? [row.id] : []))),
    versions: new Map(rows.flatMap((row) => (row.kind === 'tenant' ? [[row.id, row.version] as const] : []))),
    claims: await usedClaims(session, claims),
  };
}

/** Checks in this order: stored already, callers' keys, configuration moved on. */
function decide(known: Known, { request, repeated }: Call): Decision {
  const { event, claims, configVersion } = request;
  if (known.events.has(event.id)) return { kind: repeated ? 'stored' : 'duplicate' };
  const refused = known.claims.refused(event.tenant, claims);
  if (refused !== null) return refused;
  const current = known.versions.get(event.tenant) ?? 0;
  if (current !== configVersion) return { kind: 'stale', configVersion: current };
  known.events.add(event.id);
  return { kind: 'written', claims: known.claims.take(event.tenant, claims) };
}

/** The tickets of each that is written. */
async function writeDecided(session: Session, calls: readonly Call[], decisions: readonly Decision[], shards: number) {
  const writings = calls.flatMap(({ request }, at) => {
    const { event, deliveries, configVersion } = request;
    return decisions[at]?.kind === 'written' ? [writingOf(event, deliveries, configVersion, shards)] : [];
  });
  const claims = decisions.flatMap((decision) => (decision.kind === 'written' ? decision.claims : []));
  return writeAll(session, writings, claims, shards);
}

/** What is left open of an append whose answer was lost. What a fan-out has made was handed over by its task. */
async function stored(session: Session, request: AppendRequest): Promise<AppendOutcome> {
  const ids = madeAtOnce(request.deliveries).map(({ deliveryId }) => deliveryId);
  return { kind: 'appended', tickets: await openTickets(session, ids) };
}
