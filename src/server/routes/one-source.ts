/** What the routes of a single source share: finding it and showing it. */
import type { Id } from '../../core/ids.ts';
import { type Problem, problem } from '../../core/problem.ts';
import type { LiveSource } from '../../flows/configuration.ts';
import { referredSecretOf } from '../../flows/source-secrets.ts';
import type { IncomingRequest } from '../endpoint.ts';
import { etag } from '../etag.ts';
import type { Call } from '../keyed.ts';
import type { Server } from '../options.ts';
import { type Answer, answer } from '../respond.ts';
import { type SourceView, showSource } from '../show/source.ts';

export const BASE = '/api/v1/sources';
export const ONE = `${BASE}/{id}`;
export const TAG = 'Sources';

/** As whom, and from where, a caller looks at sources. */
export function viewOf(
  server: Server,
  { caller, request }: Pick<Call<unknown, unknown>, 'caller' | 'request'>,
): SourceView {
  return { origin: originOf(server, request), role: caller.role };
}

function originOf({ options }: Server, { url }: IncomingRequest): string {
  return options.publicUrl?.replace(/\/+$/, '') ?? url.origin;
}

export type Found = { kind: 'found'; source: LiveSource } | Problem;

/** A source of this tenant, or `not_found`. */
export async function find(server: Server, tenant: Id, id: Id): Promise<Found> {
  const { sources } = await server.ports.configuration.current(tenant);
  const source = sources.get(id);
  return source === undefined ? problem('not_found') : { kind: 'found', source };
}

/** How a caller looks at a source as it stands now, with what it refers to. */
export async function viewOfOne(
  server: Server,
  call: Pick<Call<unknown, unknown>, 'caller' | 'request'>,
  { config }: LiveSource,
): Promise<SourceView> {
  return { ...viewOf(server, call), referred: await referredSecretOf(server.ports, config) };
}

/** The answer that shows a source, with its ETag. */
export function shownAnswer(status: number, source: LiveSource, view: SourceView): Answer {
  return answer(status, showSource(source, view), { headers: etag(source.version) });
}
