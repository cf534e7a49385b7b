/** What a route is: its description for the document, and the function that answers it. */
import type { NodeRole } from '../core/node-role.ts';
import type { ProblemCode } from '../core/problem.ts';
import type { Role } from '../ports.ts';
import type { ReadBytes } from './body.ts';
import type { LargeBodiesOfSender } from './large-bodies.ts';
import type { Stay } from './load.ts';
import type { Reply } from './respond.ts';
import type { z } from './schemas/zod.ts';

/** The role that a process needs to answer a route; `any`: every process does. */
export type ServedBy = Extract<NodeRole, 'ingest' | 'query'> | 'any';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The good answer of a route. */
export interface RouteSuccess {
  status: number;
  description: string;
  /** `application/json` unless told. */
  contentType?: string;
  /** Of `data`; of the whole body where the answer is flat. */
  schema?: z.ZodType;
  /** Without the `{success, data}` envelope. */
  flat?: boolean;
}

/** Everything the OpenAPI document says of a route. */
export interface RouteSpec {
  method: Method;
  /** With `{name}` for its variable segments. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string | undefined;
  node: ServedBy;
  /** `open` needs no key. */
  roles: readonly Role[] | 'open';
  query?: z.ZodType | undefined;
  body?: z.ZodType | undefined;
  /** A request without a body means one without fields. */
  bodyOptional?: true;
  /** Request headers the route looks at, with what they do. */
  headers?: Readonly<Record<string, string>> | undefined;
  success: RouteSuccess;
  /** Other good answers. */
  alternatives?: Readonly<Record<number, string>> | undefined;
  /** What the route may refuse with. */
  problems: readonly ProblemCode[];
}

/** One request as endpoints see it, whichever way it came in. */
export interface IncomingRequest {
  /** As sent; `HEAD` arrives as itself. */
  method: string;
  url: URL;
  /** By lower-case name; repeated headers are joined. */
  header(name: string): string | null;
  /** Name and value as they came, repeated ones kept. */
  rawHeaders: readonly (readonly [string, string])[];
  /** Whom it came from, as far as trusted proxies tell; null where it did not come over a socket of ours. */
  remoteAddress: string | null;
  /** Values of the path's variable segments. */
  params: Readonly<Record<string, string>>;
  /** Reads its body; one that turns large asks for room where there is any to ask for. */
  read(maxBytes: number, largeBodies?: LargeBodiesOfSender | null): Promise<ReadBytes>;
  stay: Stay;
}

export interface Endpoint {
  spec: RouteSpec;
  handle(request: IncomingRequest): Promise<Reply>;
}
