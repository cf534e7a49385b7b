import { createKey, revokeKey } from '../../flows/keys.ts';
import type { KeyRow } from '../../ports.ts';
import { MAY_ADMINISTER } from '../auth.ts';
import type { Endpoint } from '../endpoint.ts';
import { answerOf } from '../idempotency.ts';
import { keyed } from '../keyed.ts';
import type { Server } from '../options.ts';
import { listAnswer, pageOf, readPage } from '../page.ts';
import { pagingQuery, readPaging } from '../paging.ts';
import { answer, NO_CONTENT } from '../respond.ts';
import { keyInput, keyShown } from '../schemas/key.ts';
import { z } from '../schemas/zod.ts';
import { showKey } from '../show/key.ts';

const BASE = '/api/v1/keys';
const TAG = 'Keys';

/** `/api/v1/keys`. */
export function keyEndpoints(server: Server): readonly Endpoint[] {
  return [create(server), list(server), revoke(server)];
}

function create(server: Server): Endpoint {
  return keyed(server, {
    method: 'POST',
    path: BASE,
    operationId: 'createKey',
    tag: TAG,
    summary: 'Make an API key',
    roles: MAY_ADMINISTER,
    body: keyInput,
    success: { status: 201, description: 'The key, shown this once.', schema: keyShown },
    problems: [],
    run: async ({ caller, body, claims }) => {
      const show = ({ key, secret }: { key: KeyRow; secret: string }) => answer(201, showKey(key, secret));
      const outcome = await createKey(server.ports, {
        tenant: caller.tenant,
        name: body.name,
        role: body.role,
        expiresAtMs: body.expiresAt ?? null,
        claims: (made) => claims.for(show(made)),
      });
      return answerOf(outcome, claims, show);
    },
  });
}

function list(server: Server): Endpoint {
  return keyed(server, {
    method: 'GET',
    path: BASE,
    operationId: 'listKeys',
    tag: TAG,
    summary: 'List API keys, newest first',
    roles: MAY_ADMINISTER,
    query: pagingQuery,
    success: { status: 200, description: 'A page of keys.', schema: z.array(keyShown) },
    problems: [],
    run: async ({ caller, query }) => {
      const asked = readPaging(query);
      if (asked.kind === 'problem') return asked;
      const keys = await server.ports.store.keys(caller.tenant);
      const page = await readPage(
        asked,
        (paging) => pageOf(keys, paging),
        ({ id }) => id,
      );
      return listAnswer(page, (key) => JSON.stringify(showKey(key)));
    },
  });
}

function revoke(server: Server): Endpoint {
  return keyed(server, {
    method: 'DELETE',
    path: `${BASE}/{id}`,
    operationId: 'revokeKey',
    tag: TAG,
    summary: 'Revoke an API key',
    roles: MAY_ADMINISTER,
    success: { status: 204, description: 'Revoked; other processes refuse it within a second.' },
    problems: [],
    run: async ({ caller, id }) => {
      const outcome = await revokeKey(server.ports, { tenant: caller.tenant, id });
      return outcome.kind === 'problem' ? outcome : NO_CONTENT;
    },
  });
}
