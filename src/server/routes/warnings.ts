import type { Id } from '../../core/ids.ts';
import { receives } from '../../core/owner.ts';
import { type RejectingWarning, rejectingWarning } from '../../core/rejecting.ts';
import { type Warning, warningOf } from '../../core/warning.ts';
import type { LiveConfiguration } from '../../flows/configuration.ts';
import { findAllRejecting, sourceNameOf } from '../../flows/rejecting-sources.ts';
import type { OpenSource } from '../../flows/sources.ts';
import { MAY_READ } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, pageOf, readPage } from '../page.ts';
import { pagingQuery, readPaging } from '../paging.ts';
import { ownerQuery } from '../schemas/owner.ts';
import { warningShown } from '../schemas/warning.ts';
import { z } from '../schemas/zod.ts';
import { showWarning } from '../show/warning.ts';

const warningsQuery = pagingQuery.extend({
  owner: ownerQuery,
});

/** `/api/v1/warnings`. */
export function warningEndpoints(server: Server): readonly Endpoint[] {
  return [list(server)];
}

function list(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: '/api/v1/warnings',
    operationId: 'listWarnings',
    tag: 'Subscriptions',
    summary: 'List what is wrong now with the receivers of subscriptions and the senders of sources, newest first',
    description:
      'Subscriptions that have passed 50, 70 or 90 % of the failures in a row that switch them off, and those that were ' +
      'switched off because their receiver failed or said that it is gone. Sources whose latest five requests or more were ' +
      'rejected; these belong to no owner.',
    roles: MAY_READ,
    query: warningsQuery,
    success: { status: 200, description: 'A page of warnings.', schema: z.array(warningShown) },
    problems: [],
    run: async ({ caller, query }) => {
      const asked = readPaging(query);
      if (asked.kind === 'problem') return asked;
      const open = await openWarnings(server, caller.tenant, query.owner ?? null);
      const page = await readPage(
        asked,
        (paging) => pageOf(open, paging),
        ({ id }) => id,
      );
      return listAnswer(page, ({ warning }) => JSON.stringify(showWarning(warning)));
    },
  });
}

/** What the store knows of rows of failures, with the configuration's names; of this owner and below, all when null. */
async function openWarnings(
  { ports }: Server,
  tenant: Id,
  owner: string | null,
): Promise<readonly { id: Id; warning: Warning | RejectingWarning }[]> {
  const configuration = await ports.configuration.current(tenant);
  const sources = receives(owner, null) ? await rejectingSources(ports, configuration) : [];
  return [...sources, ...(await failingReceivers(ports, tenant, configuration, owner))];
}

async function rejectingSources(
  ports: Server['ports'],
  { sources }: LiveConfiguration,
): Promise<{ id: Id; warning: RejectingWarning }[]> {
  // One that was switched off rejects nothing any more.
  const open = sources.values().filter((source): source is OpenSource => source.config !== null && source.enabled);
  const rejecting = await findAllRejecting(ports, open);
  return rejecting.map(({ source, row }) => ({ id: source.id, warning: rejectingWarning(sourceNameOf(source), row) }));
}

async function failingReceivers(
  ports: Server['ports'],
  tenant: Id,
  { subscriptions }: LiveConfiguration,
  owner: string | null,
): Promise<{ id: Id; warning: Warning }[]> {
  // All of them: a list cut here would miss the newest.
  const troubled = await ports.store.troubled(tenant, subscriptions.size);
  return troubled.flatMap(({ id, health }) => {
    const subscription = subscriptions.get(id);
    const warning = subscription === undefined ? null : warningOf(subscription, health);
    return warning !== null && receives(owner, warning.subscription.owner) ? [{ id, warning }] : [];
  });
}
