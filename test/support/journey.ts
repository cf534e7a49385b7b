/** What journeys share: an instance with receivers it may reach, and the few calls that every journey begins with. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { eventually } from './eventually.ts';
import { type Answer, type RunningHookyard, type StartOptions, startHookyard } from './hookyard.ts';
import { type Receiver, type Script, startReceiver } from './receiver.ts';

/** Fields of a delivery that journeys look at. */
export interface DeliveryShown {
  id: string;
  eventId: string;
  eventKind: string;
  subscriptionId: string;
  kind: string;
  status: string;
  heldReason: string | null;
  heldSince: string | null;
  nextProbeAt: string | null;
  heldCause: string | null;
  sequence: number | null;
  attempt: number;
  attempts: number;
  maxAttempts: number;
  nextRetryAt: string | null;
  createdAt: string;
  startedAt: string | null;
  closedAt: string | null;
  redeliverOf: string | null;
  idempotencyKey: string;
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  statusCode: number | null;
  responseBody: string | null;
  responseTime: number | null;
  success: boolean;
  errorClass: string | null;
  code: string | null;
  error: string | null;
  cause: string | null;
  remedy: string | null;
}

/** Fields of an attempt that journeys look at. */
export interface AttemptShown {
  n: number;
  at: string;
  sent: boolean;
  success: boolean;
  closes: string | null;
  url: string | null;
  requestHeaders: Readonly<Record<string, string>>;
  requestBody: string | null;
  statusCode: number | null;
  responseBody: string | null;
  responseTime: number | null;
  phases: { total: number } | null;
  remoteAddress: string | null;
  mayRepeat: boolean;
  errorClass: string | null;
  code: string | null;
  error: string | null;
  remedy: string | null;
}

export interface Journey {
  hookyard: RunningHookyard;
  /** A receiver that closes with the journey; it answers 200 unless told otherwise. */
  receiver(script?: Script): Promise<Receiver>;
  /** Kills the instance, closes the receivers and takes the data directory away. */
  close(): Promise<void>;
}

/**
 * An instance that may reach every receiver on this machine.
 * @param options.allowed what it may reach instead; null allows nothing, as in production
 */
export async function openJourney(options: StartOptions & { allowed?: string | null } = {}): Promise<Journey> {
  const { allowed = '127.0.0.1' } = options;
  const flags = [...(allowed === null ? [] : ['--allow-hosts', allowed]), ...(options.flags ?? [])];
  const hookyard = await startHookyard({ ...options, flags });
  const receivers: Receiver[] = [];
  return {
    hookyard,
    async receiver(script) {
      const receiver = await startReceiver();
      if (script !== undefined) receiver.respond(script);
      receivers.push(receiver);
      return receiver;
    },
    async close() {
      await hookyard.kill('SIGKILL');
      for (const receiver of receivers) await receiver.close();
      await rm(hookyard.dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Subscribes a receiver; the id of the subscription. */
export async function subscribe(
  { api }: Pick<RunningHookyard, 'api'>,
  url: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const made = await api<{ id: string }>('POST', '/api/v1/webhook-subscriptions', { name: 'journey', url, ...fields });
  assert.equal(made.status, 201, made.text);
  return made.data.id;
}

/** Publishes an event; its id. */
export async function publish(
  { api }: Pick<RunningHookyard, 'api'>,
  type: string,
  data: unknown = {},
  fields: Readonly<Record<string, unknown>> = {},
): Promise<{ id: string; deliveries: number }> {
  const accepted = await api<{ id: string; deliveries: number }>('POST', '/api/v1/events', { type, data, ...fields });
  assert.equal(accepted.status, 202, accepted.text);
  return accepted.data;
}

/** Waits until the only delivery of an event is as wanted. */
export function deliveryOf(
  { api }: Pick<RunningHookyard, 'api'>,
  eventId: string,
  isWanted: (delivery: DeliveryShown) => boolean,
): Promise<DeliveryShown> {
  return eventually(`the delivery of event ${eventId}`, async (saw) => {
    const { data } = await api<DeliveryShown[]>('GET', `/api/v1/deliveries?eventId=${eventId}`);
    saw(data);
    return data.find(isWanted);
  });
}

/** Every attempt of a delivery, first to last. */
export async function attemptsOf(
  { api }: Pick<RunningHookyard, 'api'>,
  deliveryId: string,
): Promise<readonly AttemptShown[]> {
  const { status, data, text } = await api<AttemptShown[]>('GET', `/api/v1/deliveries/${deliveryId}/attempts`);
  assert.equal(status, 200, text);
  return data;
}

/** Every delivery there is, newest first. */
export async function allDeliveries({ api }: Pick<RunningHookyard, 'api'>): Promise<readonly DeliveryShown[]> {
  const all: DeliveryShown[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: Answer<DeliveryShown[]> = await api('GET', `/api/v1/deliveries?limit=200${more}`);
    assert.equal(page.status, 200, page.text);
    all.push(...page.data);
    cursor = page.meta.nextCursor;
  }
  return all;
}

/** Fields of a subscription that journeys look at. */
export interface SubscriptionShown {
  enabled: boolean;
  state: 'active' | 'paused' | 'disabled';
  disabledReason: string | null;
  consecutiveFailures: number;
  lastDelivery: string | null;
  lastStatus: number | null;
  lastSuccessAt: string | null;
  lastFailureAt: string | null;
}

/** A subscription as it stands. */
export async function subscriptionOf({ api }: Pick<RunningHookyard, 'api'>, id: string): Promise<SubscriptionShown> {
  const { status, data, text } = await api<SubscriptionShown>('GET', `/api/v1/webhook-subscriptions/${id}`);
  assert.equal(status, 200, text);
  return data;
}

/** Pauses, resumes or enables a subscription. */
export async function ask(
  { api }: Pick<RunningHookyard, 'api'>,
  id: string,
  what: 'pause' | 'resume' | 'enable',
): Promise<void> {
  const { status, text } = await api('POST', `/api/v1/webhook-subscriptions/${id}/${what}`);
  assert.equal(status, 200, text);
}

/** Changes fields of a subscription. */
export async function patch({ api }: Pick<RunningHookyard, 'api'>, id: string, fields: unknown): Promise<void> {
  const { status, text } = await api('PATCH', `/api/v1/webhook-subscriptions/${id}`, fields);
  assert.equal(status, 200, text);
}

/** The deliveries of a subscription, newest first; of one status when told. */
export async function deliveriesOf(
  { api }: Pick<RunningHookyard, 'api'>,
  id: string,
  status = '',
): Promise<readonly DeliveryShown[]> {
  const which = status === '' ? '' : `&status=${status}`;
  const path = `/api/v1/webhook-subscriptions/${id}/deliveries?pageSize=200${which}`;
  const answer = await api<DeliveryShown[]>('GET', path);
  assert.equal(answer.status, 200, answer.text);
  return answer.data;
}

/** Answers of receivers. */
export const failing = { kind: 'status', status: 500, body: 'broken' } as const;
export const fine = { kind: 'status', status: 200, body: 'OK' } as const;

/** A retry that comes within the test, and one that does not. */
export const QUICK = { backoffType: 'fixed', backoffSeconds: 0.05 };
export const MUCH_LATER = { maxRetries: 3, backoffType: 'fixed', backoffSeconds: 3600 };

let types = 0;

/** An event type of a test's own, so that its subscriptions hear of nothing else. */
export function ownType(): string {
  types += 1;
  return `journey.test-${types}`;
}
