import { type Id, isId } from '../../core/ids.ts';
import { problem } from '../../core/problem.ts';
import { type Explained, explain, explainStored } from '../../flows/explain.ts';
import { MAY_READ } from '../auth.ts';
import { EVENT_JSON } from '../body.ts';
import type { Endpoint } from '../endpoint.ts';
import { readFields } from '../fields.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { anyObject } from '../patch.ts';
import { answer, type Reply } from '../respond.ts';
import { explainInput, explainStoredInput, explanation, MAX_EXPLAINED } from '../schemas/explanation.ts';
import { z } from '../schemas/zod.ts';
import { showExplained } from '../show/explanation.ts';

/** `POST /api/v1/events/explain`. */
export function explainEndpoint(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: '/api/v1/events/explain',
    operationId: 'explainEvent',
    tag: 'Events',
    summary: 'Say who would get an event, and why the others would not',
    description:
      'A dry run: takes what `POST /api/v1/events` takes, and publishes and stores nothing. With `eventId` alone it ' +
      'says the same of a stored event: of subscriptions that changed since, what they say today.',
    roles: MAY_READ,
    body: anyObject,
    documentedBody: z.union([explainInput, explainStoredInput]),
    json: EVENT_JSON,
    success: { status: 200, description: 'What each subscription says.', schema: explanation },
    problems: ['not_found'],
    run: async ({ caller, body }) => {
      if ('eventId' in body) return storedAnswer(server, caller.tenant, body);
      const read = readFields(explainInput, body);
      return read.kind === 'problem' ? read : dryRun(server, caller.tenant, read.fields);
    },
  });
}

async function dryRun({ ports }: Server, tenant: Id, fields: z.output<typeof explainInput>): Promise<Reply> {
  const { type, data: value, owner, tags, orderingKey, occurredAt: occurredAtMs } = fields;
  const explained = await explain(ports, {
    ...{ tenant, type, value, tags, occurredAtMs },
    owner: owner ?? undefined,
    orderingKey: orderingKey ?? undefined,
    data: NO_BYTES,
    bodyHash: () => NO_BYTES,
  });
  const deliveries = explained.filter(receives).length;
  return answer(200, { deliveries, subscriptions: explained.length, results: shownFirst(explained) });
}

async function storedAnswer({ ports }: Server, tenant: Id, body: unknown): Promise<Reply> {
  const read = readFields(explainStoredInput, body);
  if (read.kind === 'problem') return read;
  const { eventId } = read.fields;
  const stored = isId(eventId) ? await ports.store.event(tenant, eventId) : null;
  if (stored === null) return problem('not_found');
  const { explained, subscriptions } = await explainStored(ports, stored);
  const deliveries = explained.filter((one) => receives(one) && one.asOf === 'acceptance').length;
  return answer(200, { deliveries, subscriptions, results: shownFirst(explained) });
}

function receives({ decision }: Explained): boolean {
  return decision.kind === 'wanted';
}

function shownFirst(explained: readonly Explained[]) {
  const others = explained.filter((one) => !receives(one));
  return [...explained.filter(receives), ...others].slice(0, MAX_EXPLAINED).map(showExplained);
}

/** Filters look at the parsed data; the bytes are for receivers. */
const NO_BYTES = new Uint8Array(0);
