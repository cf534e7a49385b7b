import { changeSource } from '../../flows/change-source.ts';
import { type CreatedSource, createSource } from '../../flows/create-source.ts';
import { deleteSource } from '../../flows/delete-source.ts';
import { MAY_CHANGE, MAY_READ } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { answerOf } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, pageOf, readPage } from '../page.ts';
import { pagingQuery, readPaging } from '../paging.ts';
import { anyObject, givenFields, readPatch } from '../patch.ts';
import { NO_CONTENT } from '../respond.ts';
import { sourceInput, sourcePatch, sourceShown } from '../schemas/source.ts';
import { z } from '../schemas/zod.ts';
import { showSource } from '../show/source.ts';
import { BASE, find, ONE, shownAnswer, TAG, viewOf, viewOfOne } from './one-source.ts';
import { sourceStateEndpoints } from './source-states.ts';

/** `/api/v1/sources`. */
export function sourceEndpoints(server: Server): readonly Endpoint[] {
  return [create(server), list(server), get(server), change(server), remove(server), ...sourceStateEndpoints(server)];
}

function create(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: BASE,
    operationId: 'createSource',
    tag: TAG,
    summary: 'Open a door for a sender',
    roles: MAY_CHANGE,
    body: sourceInput,
    success: { status: 201, description: 'The source with its URLs.', schema: sourceShown },
    problems: [],
    run: async (call) => {
      const { enabled = true, ...input } = call.body;
      const show = ({ source, ...told }: CreatedSource) => {
        const made = shownAnswer(201, source, { ...viewOf(server, call), ...told, isMaker: true });
        return { ...made, headers: { ...made.headers, Location: `${BASE}/${source.id}` } };
      };
      const outcome = await createSource(server.ports, {
        tenant: call.caller.tenant,
        by: call.caller.id,
        input,
        enabled,
        mostBodyBytes: server.limits.receipt,
        claims: (made) => call.claims.for(show(made)),
      });
      return answerOf(outcome, call.claims, show);
    },
  });
}

function list(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: BASE,
    operationId: 'listSources',
    tag: TAG,
    summary: 'List sources, newest first',
    roles: MAY_READ,
    query: pagingQuery,
    success: { status: 200, description: 'A page of sources.', schema: z.array(sourceShown) },
    problems: [],
    run: async (call) => {
      const asked = readPaging(call.query);
      if (asked.kind === 'problem') return asked;
      const { sources } = await server.ports.configuration.current(call.caller.tenant);
      const page = await readPage(
        asked,
        (paging) => pageOf(sources.values(), paging),
        ({ id }) => id,
      );
      return listAnswer(page, async (source) =>
        JSON.stringify(showSource(source, await viewOfOne(server, call, source))),
      );
    },
  });
}

function get(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: ONE,
    operationId: 'getSource',
    tag: TAG,
    summary: 'Show a source',
    roles: MAY_READ,
    success: { status: 200, description: 'The source, with its ETag.', schema: sourceShown },
    problems: [],
    run: async (call) => {
      const found = await find(server, call.caller.tenant, call.id);
      if (found.kind === 'problem') return found;
      return shownAnswer(200, found.source, await viewOfOne(server, call, found.source));
    },
  });
}

function change(server: Server): Endpoint {
  return keyed(server, {
    method: 'PATCH',
    path: ONE,
    operationId: 'changeSource',
    tag: TAG,
    summary: 'Change a source',
    roles: MAY_CHANGE,
    conditional: true,
    body: anyObject,
    documentedBody: sourcePatch,
    success: { status: 200, description: 'The source as it stands now.', schema: sourceShown },
    problems: ['secret_unavailable'],
    run: async (call) => {
      const found = await find(server, call.caller.tenant, call.id);
      if (found.kind === 'problem') return found;
      const shown = showSource(found.source, viewOf(server, call));
      // What stands elsewhere may have come or gone since the caller was shown its warnings.
      const moving = found.source.config?.secretRef == null ? [] : ['warnings'];
      const fields = readPatch(sourcePatch, call.body, shown, moving);
      if (fields.kind === 'problem') return fields;
      const { enabled, ...patch } = fields.fields;
      const outcome = await changeSource(server.ports, {
        tenant: call.caller.tenant,
        id: call.id,
        patch: givenFields(patch),
        ...(enabled === undefined ? {} : { enabled }),
        mostBodyBytes: server.limits.receipt,
        ifVersion: call.ifVersion,
      });
      if (outcome.kind === 'problem') return outcome;
      const { source, generatedSecret, hasNewUrl } = outcome;
      const view = await viewOfOne(server, call, source);
      return shownAnswer(200, source, { ...view, generatedSecret, isMaker: hasNewUrl });
    },
  });
}

const removeQuery = z.strictObject({
  discardHeld: z.enum(['true', 'false']).optional().openapi({ description: 'Also while it holds receipts.' }),
});

function remove(server: Server): Endpoint {
  return keyed(server, {
    method: 'DELETE',
    path: ONE,
    operationId: 'deleteSource',
    tag: TAG,
    summary: 'Close a door for good',
    description:
      'Its receipts stay. While it holds some it is not deleted, unless `discardHeld` says so: nothing could be made of them any more.',
    roles: MAY_CHANGE,
    conditional: true,
    query: removeQuery,
    success: { status: 204, description: 'Deleted.' },
    problems: ['source_holding'],
    run: async ({ caller, id, ifVersion, query }) => {
      const discardHeld = query.discardHeld === 'true';
      const named = { tenant: caller.tenant, id, ifVersion, discardHeld };
      const outcome = await deleteSource(server.ports, named);
      return outcome.kind === 'problem' ? outcome : NO_CONTENT;
    },
  });
}
