/** `POST /api/v1/events/batch`: many events in one request, each for itself or all together. */
import { type Problem, problem, problemPage } from '../core/problem.ts';
import { createBreaks } from '../flows/breaks.ts';
import type { Accepted, PublishInput } from '../flows/publish.ts';
import {
  type BatchItem,
  type BatchKey,
  beginBatch,
  type Published,
  publishEach,
  publishTogether,
} from '../flows/publish-batch.ts';
import { pointed, type ReadBatch, type ReadItem, readBatch } from './batch-input.ts';
import { REPLAYED } from './idempotency.ts';
import { holdBatch } from './load.ts';
import type { Server } from './options.ts';
import { type PublishCall, type PublishRequest, readPublishCall } from './publish-route.ts';
import { answer, type Reply, refusalOfError } from './respond.ts';

/** Wrong fields that are named for one event; a thousand events would make a long answer. */
const MAX_ITEM_ERRORS = 10;

/** Accepts a batch: 202 with a result for each event; an atomic one whole, or 422. */
export async function batchRequest(server: Server, request: PublishRequest): Promise<Reply> {
  const call = await readPublishCall(server, request, server.limits.batch);
  if (call.kind === 'problem') return call;
  const full = holdBatch(server.load, request.stay, call.bytes.length);
  if (full !== null) return full;
  const batch = await readBatch(call.bytes, server.limits.event, createBreaks(server.ports));
  if (batch.kind === 'problem') return batch;
  return batch.atomic ? together(server, call, batch) : each(server, call, batch, request);
}

async function each(server: Server, call: PublishCall, batch: ReadBatch, { stay }: PublishRequest): Promise<Reply> {
  const key = keyOf(server, call);
  const begun = key === null ? { kind: 'begun' as const, before: false } : await beginBatch(server.ports, key);
  if (begun.kind === 'problem') return begun;
  const items = batch.items.flatMap((item, at): BatchItem[] =>
    item.kind === 'problem' ? [] : [{ at, input: inputOf(server, call, item) }],
  );
  const published = await publishEach(server.ports, items, key, (error) => refusalOfError(server.ports, error, stay));
  const away = storeAway([...published.values()]);
  if (away !== null) return away;
  const outcomes = batch.items.map((item, at) => (item.kind === 'problem' ? item : outcomeAt(published, at)));
  return shown(outcomes, begun.before);
}

function outcomeAt(published: ReadonlyMap<number, Published>, at: number): Published {
  const outcome = published.get(at);
  if (outcome === undefined) throw new Error('an event of a batch was not published');
  if (outcome.kind === 'accepted') return outcome;
  const where = outcome.code === 'idempotency_mismatch' ? '/id' : '';
  return pointed({ ...outcome, errors: [{ pointer: where, message: outcome.detail ?? outcome.code }] }, at);
}

/** The store's refusal where it took nothing at all: then the whole request failed. */
function storeAway(outcomes: readonly Published[]): Problem | null {
  if (outcomes.some(({ kind }) => kind === 'accepted')) return null;
  const [away] = outcomes.flatMap((outcome) =>
    outcome.kind === 'problem' && outcome.code === 'store_unavailable' ? [outcome] : [],
  );
  return away ?? null;
}

async function together(server: Server, call: PublishCall, batch: ReadBatch): Promise<Reply> {
  const errors = batch.items.flatMap((item) => (item.kind === 'problem' ? (item.errors ?? []) : []));
  if (errors.length > 0) return problem('batch_refused', { errors });
  const inputs = batch.items.flatMap((item) => (item.kind === 'problem' ? [] : [inputOf(server, call, item)]));
  const outcome = await publishTogether(server.ports, call.tenant, inputs, keyOf(server, call));
  return outcome.kind === 'problem' ? outcome : shown(outcome.all, outcome.before);
}

function keyOf({ ports }: Server, { tenant, key, bytes }: PublishCall): BatchKey | null {
  return key === null ? null : { tenant, key, bodyHash: ports.mac.sha256(bytes) };
}

function inputOf({ ports }: Server, { tenant }: PublishCall, item: Exclude<ReadItem, Problem>): PublishInput {
  const { kind: _kind, data: value, ...fields } = item.fields;
  return { ...fields, tenant, value, data: item.dataBytes, bodyHash: () => ports.mac.sha256(item.bytes) };
}

function shown(outcomes: readonly Published[], replayed: boolean): Reply {
  const accepted = outcomes.filter(({ kind }) => kind === 'accepted').length;
  const results = outcomes.map((outcome, index) =>
    outcome.kind === 'accepted' ? { index, ...showAccepted(outcome) } : { index, problem: showProblem(outcome) },
  );
  const data = { accepted, refused: outcomes.length - accepted, results };
  return answer(202, data, replayed ? { headers: REPLAYED } : {});
}

function showAccepted({ id, deliveries, repeats }: Accepted) {
  return repeats === 'id' ? { id, deliveries, duplicate: true } : { id, deliveries };
}

function showProblem(refusal: Problem) {
  const { status, title, remedy } = problemPage(refusal.code);
  const errors = refusal.errors?.slice(0, MAX_ITEM_ERRORS);
  return { status, code: refusal.code, title, detail: refusal.detail ?? remedy, remedy, errors };
}
