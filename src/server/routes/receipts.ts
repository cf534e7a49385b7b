import { isId } from '../../core/ids.ts';
import { problem } from '../../core/problem.ts';
import { OUTCOMES } from '../../core/receipt.ts';
import type { ReceiptDiagnosis } from '../../core/receipt-diagnosis.ts';
import { judgeReceipt } from '../../flows/judge-receipt.ts';
import { sourceOf } from '../../flows/rework.ts';
import type { StoredReceipt } from '../../ports.ts';
import { MAY_CHANGE, MAY_READ } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, readPage } from '../page.ts';
import { pagingQuery, readPaging } from '../paging.ts';
import { answer } from '../respond.ts';
import { LISTED_BODIES } from '../schemas/envelope.ts';
import { receiptShown } from '../schemas/receipt.ts';
import { z } from '../schemas/zod.ts';
import { showReceipt } from '../show/receipt.ts';
import { LISTED_BODY_BYTES } from '../show/text.ts';
import { timeInput } from '../time-input.ts';
import { secretsBySource, secretsOf } from './receipt-secrets.ts';
import { receiptWorkEndpoints } from './receipt-work.ts';

const receiptsQuery = pagingQuery.extend({
  sourceId: z.string().refine(isId, { error: 'An id as the API shows it.' }).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  since: timeInput.optional().openapi({ description: 'Received at this time or later.' }),
  until: timeInput.optional().openapi({ description: 'Received before this time.' }),
});

/** `/api/v1/receipts`. */
export function receiptEndpoints(server: Server): readonly Endpoint[] {
  return [list(server), get(server), ...receiptWorkEndpoints(server)];
}

function list(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: '/api/v1/receipts',
    operationId: 'listReceipts',
    tag: 'Receipts',
    summary: 'List what senders sent, newest first',
    description: LISTED_BODIES,
    roles: MAY_READ,
    query: receiptsQuery,
    success: { status: 200, description: 'A page of receipts.', schema: z.array(receiptShown) },
    problems: [],
    run: async ({ caller, query }) => {
      const asked = readPaging(query);
      if (asked.kind === 'problem') return asked;
      const { sourceId, outcome, since, until } = query;
      const wanted = {
        tenant: caller.tenant,
        // One byte more than is shown tells whether there is more.
        maxBodyBytes: LISTED_BODY_BYTES + 1,
        ...(sourceId === undefined ? {} : { sourceId }),
        ...(outcome === undefined ? {} : { outcome }),
        ...(since === undefined ? {} : { sinceMs: since }),
        ...(until === undefined ? {} : { untilMs: until }),
      };
      const page = await readPage(
        asked,
        (paging) => server.ports.store.receipts({ ...wanted, ...paging }),
        ({ receipt }) => receipt.id,
      );
      const secrets = await secretsBySource(server, caller.tenant, page.rows);
      return listAnswer(page, (row) => {
        const view = { maxBodyBytes: LISTED_BODY_BYTES, secrets: secrets.get(row.receipt.sourceId) ?? null };
        return JSON.stringify(showReceipt(row, view));
      });
    },
  });
}

function get(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: '/api/v1/receipts/{id}',
    operationId: 'getReceipt',
    tag: 'Receipts',
    summary: 'Show a receipt',
    roles: MAY_READ,
    success: { status: 200, description: 'The receipt, with all that was kept of its body.', schema: receiptShown },
    problems: [],
    run: async ({ caller, id }) => {
      const stored = await server.ports.store.receipt(caller.tenant, id);
      if (stored === null) return problem('not_found');
      const diagnosis = MAY_CHANGE.includes(caller.role) ? await diagnosisOf(server, stored) : null;
      return answer(200, showReceipt(stored, { diagnosis, secrets: await secretsOf(server, stored) }));
    },
  });
}

/** Why a request was rejected, by what its source is now. */
async function diagnosisOf({ ports }: Server, { receipt }: StoredReceipt): Promise<ReceiptDiagnosis | null> {
  if (receipt.outcome !== 'rejected') return null;
  const found = sourceOf(await ports.configuration.current(receipt.tenant), receipt.sourceId);
  if (found.kind === 'problem') return null;
  return (await judgeReceipt(ports, receipt, found.source)).diagnosis;
}
