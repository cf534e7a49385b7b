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
  attempts: number;
  maxAttempts: number;
  nextRetryAt: string | null;
  createdAt: string;
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

/** An instance that may reach every receiver on this machine. */
export async function openJourney(options: StartOptions = {}): Promise<Journey> {
  const flags = ['--allow-hosts', '127.0.0.1', ...(options.flags ?? [])];
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
  return eventually(`the delivery of event ${eventId}`, async () => {
    const { data } = await api<DeliveryShown[]>('GET', `/api/v1/deliveries?eventId=${eventId}`);
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
