/** The one place that turns results and problems into HTTP. */
import { type Id, idAt } from '../core/ids.ts';
import { type Problem, problem, problemPage } from '../core/problem.ts';
import { isStoreAway } from '../core/store-away.ts';
import type { FlowPorts } from '../flows/configuration.ts';
import { MAX_ERRORS } from './fields.ts';
import type { Stay } from './load.ts';

/** An answer ready to be written: what both the fetch and the Node side send. */
export interface Answer {
  kind: 'answer';
  status: number;
  headers: Readonly<Record<string, string>>;
  /** null = no body at all. */
  body: string | null;
  /** Sent exactly as it is, without a request id. */
  bare?: true;
}

/** What an endpoint comes to; a refusal may bring headers of its own, and another status than the catalogue's. */
export type Reply = Answer | (Problem & { headers?: Readonly<Record<string, string>>; status?: number });

export type Refusal = Extract<Reply, Problem>;

export interface PageMeta {
  page: number | null;
  pageSize: number;
  nextCursor: string | null;
  prevCursor: string | null;
}

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };
const FIXED_HEADERS = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' };

/** The `{success, data, meta?}` envelope over a value. */
export function answer(
  status: number,
  data: unknown,
  more: { meta?: PageMeta; headers?: Readonly<Record<string, string>> } = {},
): Answer {
  return answerText(status, JSON.stringify(data), more);
}

/** The same envelope over `data` that is JSON text already, so that bytes inside it stay as they are. */
export function answerText(
  status: number,
  data: string,
  more: { meta?: PageMeta; headers?: Readonly<Record<string, string>> } = {},
): Answer {
  const meta = more.meta === undefined ? '' : `,"meta":${JSON.stringify(more.meta)}`;
  const body = `{"success":true,"data":${data}${meta}}`;
  return { kind: 'answer', status, headers: { ...JSON_TYPE, ...more.headers }, body };
}

/** A JSON body without envelope, for inbound routes and probes. */
export function flatAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: 'answer', status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}

/** 204. */
export const NO_CONTENT: Answer = { kind: 'answer', status: 204, headers: {}, body: null };

/**
 * Completes a reply: problems become `application/problem+json` (RFC 9457), and every answer gets its request id and
 * the fixed headers.
 */
export function respond(reply: Reply, requestId: Id): Answer {
  const made = reply.kind === 'problem' ? problemAnswer(reply, requestId) : reply;
  if (made.bare === true) return made;
  return { ...made, headers: { ...FIXED_HEADERS, 'X-Request-Id': requestId, ...made.headers } };
}

function problemAnswer(refusal: Refusal, requestId: Id): Answer {
  const { code, type, title, remedy, agentAction, ...page } = problemPage(refusal.code);
  const { status = page.status } = refusal;
  const body = {
    type,
    title,
    status,
    detail: refusal.detail ?? remedy,
    instance: `urn:uuid:${requestId}`,
    success: false,
    code,
    agent_action: agentAction,
    remedy,
    ...(refusal.errors === undefined ? {} : { errors: refusal.errors.slice(0, MAX_ERRORS) }),
  };
  return { kind: 'answer', status, headers: problemHeaders(refusal), body: JSON.stringify(body) };
}

function problemHeaders({ code, retryAfterSeconds, headers: own }: Refusal): Record<string, string> {
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json; charset=utf-8', ...own };
  if (retryAfterSeconds !== undefined) headers['Retry-After'] = `${retryAfterSeconds}`;
  if (code === 'unauthorized') headers['WWW-Authenticate'] = 'Bearer realm="hookyard"';
  return headers;
}

/** The answer as the fetch API has it. */
export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers: { ...headers } });
}

/** A fresh request id. */
export function freshRequestId({ clock, random }: Pick<FlowPorts, 'clock' | 'random'>): Id {
  return idAt(clock.nowMs(), random.bytes(16));
}

/** The store says that it is away also when its answer to a commit was lost. */
const UNKNOWN_OUTCOME =
  'The store did not answer, so that nobody knows whether this was stored: send it again with the same `id` or Idempotency-Key.';
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** What a thrown error comes to: the store being away, or a bug that is logged and not shown. */
export function refusalOfError(
  ports: Pick<FlowPorts, 'log'>,
  error: unknown,
  { requestId, route, method }: Pick<Stay, 'requestId' | 'route' | 'method'>,
): Problem {
  if (isStoreAway(error)) {
    ports.log.warn('http.store_unavailable', { error, requestId, route });
    const detail = READING.has(method) ? {} : { detail: UNKNOWN_OUTCOME };
    return problem('store_unavailable', { ...detail, retryAfterSeconds: 1 });
  }
  ports.log.error('http.failed', { error, requestId, route });
  return problem('internal');
}
