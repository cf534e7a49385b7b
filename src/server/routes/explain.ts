import { explain } from '../../flows/explain.ts';
import { MAY_READ } from '../auth.ts';
import { EVENT_JSON } from '../body.ts';
import type { Endpoint } from '../endpoint.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { answer } from '../respond.ts';
import { eventInput } from '../schemas/event.ts';
import { explanation, MAX_EXPLAINED } from '../schemas/explanation.ts';
import { showExplained } from '../show/explanation.ts';

/** `POST /api/v1/events/explain`. */
export function explainEndpoint(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: '/api/v1/events/explain',
    operationId: 'explainEvent',
    tag: 'Events',
    summary: 'Say who would get an event, and why the others would not',
    description: 'A dry run: takes what `POST /api/v1/events` takes, and publishes and stores nothing.',
    roles: MAY_READ,
    body: eventInput,
    json: EVENT_JSON,
    success: { status: 200, description: 'What each subscription says.', schema: explanation },
    problems: [],
    run: async ({ caller, body }) => {
      const { type, data: value, owner, tags, orderingKey, occurredAt: occurredAtMs } = body;
      const explained = await explain(server.ports, {
        ...{ tenant: caller.tenant, type, value, owner, tags, orderingKey, occurredAtMs },
        data: NO_BYTES,
        bodyHash: () => NO_BYTES,
      });
      const receives = explained.filter(({ decision }) => decision.kind === 'wanted');
      const others = explained.filter(({ decision }) => decision.kind !== 'wanted');
      const results = [...receives, ...others].slice(0, MAX_EXPLAINED).map(showExplained);
      return answer(200, { deliveries: receives.length, subscriptions: explained.length, results });
    },
  });
}

/** Filters look at the parsed data; the bytes are for receivers. */
const NO_BYTES = new Uint8Array(0);
