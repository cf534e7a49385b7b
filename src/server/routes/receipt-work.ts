/** What a person can do with a receipt: have it read anew, judged anew, accepted. */
import { problem } from '../../core/problem.ts';
import { acceptReceipt } from '../../flows/accept-receipt.ts';
import { type Reprocessed, reprocessReceipt } from '../../flows/reprocess-receipt.ts';
import { reverifyReceipt } from '../../flows/reverify-receipt.ts';
import { MAY_ADMINISTER, MAY_CHANGE } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { answerOf } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { answer } from '../respond.ts';
import { acceptInput, receiptShown, reprocessedShown, reprocessInput, reverifiedShown } from '../schemas/receipt.ts';
import { showReceipt, showReprocessed } from '../show/receipt.ts';
import { secretsOf } from './receipt-secrets.ts';

const ONE = '/api/v1/receipts/{id}';
const TAG = 'Receipts';

/** `/api/v1/receipts/{id}/…`. */
export function receiptWorkEndpoints(server: Server): readonly Endpoint[] {
  return [reprocess(server), reverify(server), accept(server)];
}

function reprocess(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/reprocess`,
    operationId: 'reprocessReceipt',
    tag: TAG,
    summary: 'Read a receipt anew and make its events again',
    description:
      'With the reader, filters and subscriptions of today, whether its source is paused, disabled or neither. The new events come to those it has become before.',
    roles: MAY_CHANGE,
    body: reprocessInput,
    bodyOptional: true,
    success: { status: 200, description: 'What came of it, or would come.', schema: reprocessedShown },
    problems: ['receipt_rejected', 'receipt_duplicate', 'source_gone', 'secret_unavailable', 'precondition_failed'],
    run: async ({ caller, id, body, claims }) => {
      const show = (made: Reprocessed) => answer(200, showReprocessed(made));
      const outcome = await reprocessReceipt(server.ports, {
        tenant: caller.tenant,
        id,
        dryRun: body.dryRun ?? false,
        claims: (made) => claims.for(show(made)),
      });
      return answerOf(outcome, claims, show);
    },
  });
}

function reverify(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/reverify`,
    operationId: 'reverifyReceipt',
    tag: TAG,
    summary: 'Judge a rejected request by the present secrets',
    description: 'Changes nothing; the log says by which key it was asked. Timestamps are judged by the time it came.',
    roles: MAY_CHANGE,
    success: { status: 200, description: 'How it would be judged now.', schema: reverifiedShown },
    problems: ['receipt_not_rejected', 'source_gone', 'secret_unavailable'],
    run: async ({ caller, id }) => {
      const outcome = await reverifyReceipt(server.ports, { tenant: caller.tenant, id, by: caller.id });
      return outcome.kind === 'problem' ? outcome : answer(200, outcome.judged);
    },
  });
}

function accept(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: `${ONE}/accept`,
    operationId: 'acceptReceipt',
    tag: TAG,
    summary: 'Take a rejected request in after all',
    description:
      'It is judged by the present secrets and, if it proves its sender, worked through as if it had come now: filters, repeats and a pause of its source count. The log and `verdict.reason` say by which key.',
    roles: MAY_CHANGE,
    body: acceptInput,
    bodyOptional: true,
    success: { status: 200, description: 'The receipt as it stands now.', schema: receiptShown },
    problems: [
      'receipt_not_rejected',
      'receipt_in_part',
      'receipt_unproved',
      'source_gone',
      'secret_unavailable',
      'precondition_failed',
    ],
    run: async ({ caller, id, body }) => {
      const { force = false } = body;
      if (force && !MAY_ADMINISTER.includes(caller.role)) {
        return problem('forbidden', {
          detail: `Accepting with \`force\` needs the role admin; the key has ${caller.role}.`,
        });
      }
      const outcome = await acceptReceipt(server.ports, { tenant: caller.tenant, id, by: caller.id, force });
      if (outcome.kind === 'problem') return outcome;
      return answer(200, showReceipt(outcome.stored, { secrets: await secretsOf(server, outcome.stored) }));
    },
  });
}
