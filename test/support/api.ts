/** The HTTP API over the memory store, without sockets: what the tests of `src/server` talk to. */
import { authorities } from '../../src/adapters/authorities.ts';
import { createSealer, type Keyring } from '../../src/adapters/keyring.ts';
import { createMac } from '../../src/adapters/mac.ts';
import { createMemoryStore } from '../../src/adapters/memory/store.ts';
import { createMetrics } from '../../src/adapters/metrics.ts';
import { createRandom } from '../../src/adapters/random.ts';
import type { Answer } from '../../src/core/attempt.ts';
import { DEFAULT_TENANT, type Id } from '../../src/core/ids.ts';
import { createAuthenticate } from '../../src/flows/authenticate.ts';
import { createConfigurationCache, type FlowPorts } from '../../src/flows/configuration.ts';
import { createKey } from '../../src/flows/keys.ts';
import type { Gate, Handover, OutboundRequest, Role } from '../../src/ports.ts';
import { type App, createApp } from '../../src/server/app.ts';
import type { Readiness, ServerOptions } from '../../src/server/options.ts';
import { NO_REFERENCES } from './ports.ts';

/** One line the server logged. */
export interface LoggedLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  event: string;
  fields: Readonly<Record<string, unknown>>;
}

/** What an answer was, read. */
export interface Got {
  status: number;
  headers: Headers;
  text: string;
  /** As loosely typed as the language parses it: tests look into answers of every shape. */
  json: ReturnType<typeof JSON.parse>;
}

export interface TestApi {
  app: App;
  ports: FlowPorts;
  /** A key of each role, of the default tenant. */
  keys: Readonly<Record<Role, string>>;
  /** An admin key of another tenant. */
  foreignKey: string;
  logged: LoggedLine[];
  handovers: Handover[];
  /** What was sent to receivers. */
  sent: OutboundRequest[];
  /** What receivers answer from now on. */
  receiverAnswers(answer: Answer): void;
  readiness: { value: Readiness };
  advance(ms: number): void;
  /** A call with the admin key unless told otherwise; `body` is sent as JSON unless it is text. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Got>;
}

export interface CallOptions {
  key?: string | null;
  headers?: Readonly<Record<string, string>>;
}

/** When a fresh API begins, by its clock. */
export const START_MS = Date.UTC(2026, 2, 4, 9, 30);
const FOREIGN_TENANT: Id = '01900000-0000-7000-8000-00000000f0f0';
const keyring: Keyring = {
  active: { id: '00112233445566ff', key: new Uint8Array(32).map((_, at) => at * 7) },
  keys: [],
};

const NO_CONNECTION = { remoteAddress: '203.0.113.9', reused: false, httpVersion: '1.1' };
const PHASES = { dns: 1, connect: 2, tls: 3, send: 0, firstByte: 4, total: 10 };

/** An answer of a receiver. */
export function receiverAnswer(status: number, body = 'OK'): Answer {
  return {
    kind: 'response',
    status,
    headers: { 'content-type': 'text/plain' },
    body: new TextEncoder().encode(body),
    truncated: false,
    length: body.length,
    phases: PHASES,
    connection: NO_CONNECTION,
  };
}

/** Hosts below `.internal` are refused, `.invalid` do not resolve, everything else is public. */
const gate: Gate = {
  vet: async (url) => {
    const parsed = URL.parse(url);
    const host = parsed?.hostname ?? '';
    if (parsed === null || parsed.protocol !== 'https:' || host.endsWith('.internal')) {
      const rule = parsed === null ? 'malformed' : 'special_address';
      return {
        kind: 'refused',
        refusal: { rule, message: `Refused before connecting (${rule}).`, remedy: 'Use a public URL.' },
      };
    }
    if (host.endsWith('.invalid')) return { kind: 'unresolved', host, failure: 'not_found' };
    const { origin, pathname: path } = parsed;
    const target = {
      href: url,
      protocol: 'https:' as const,
      host,
      port: 443,
      hostHeader: host,
      literal: false,
      path,
      origin,
    };
    return { kind: 'allowed', target: { ...target, addresses: ['203.0.113.9'] } };
  },
};

/** Makes an API with a fresh store. */
export async function openApi(options: Partial<ServerOptions> = {}): Promise<TestApi> {
  let nowMs = START_MS;
  let answer = receiverAnswer(200);
  const logged: LoggedLine[] = [];
  const handovers: Handover[] = [];
  const sent: OutboundRequest[] = [];
  const readiness = { value: { ready: true, checks: { store: 'ok' } } as Readiness };
  const logAt =
    (level: LoggedLine['level']) =>
    (event: string, fields: LoggedLine['fields'] = {}) => {
      logged.push({ level, event, fields });
    };
  const base = {
    clock: {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      after: () => () => {},
      soon: (run: () => void) => void setImmediate(run),
    },
    random: createRandom(),
    mac: createMac(),
    sealer: createSealer({ ...keyring, keys: [keyring.active] }),
    gate,
    sender: {
      send: async (request: OutboundRequest) => {
        sent.push(request);
        return answer;
      },
      sockets: () => 0,
      close: async () => {},
    },
    secretReferences: NO_REFERENCES,
    authorities,
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
    metrics: createMetrics(),
    store: createMemoryStore({ now: () => nowMs }),
    dispatch: {
      offer: (handover: Handover) => void handovers.push(handover),
      hold: () => null,
      configurationChanged: () => {},
      withdraw: () => {},
      recall: () => 'kept_back' as const,
    },
  };
  const configuration = createConfigurationCache(base);
  const ports: FlowPorts = { ...base, configuration, authenticate: createAuthenticate(base, new Map()) };
  const app = createApp(ports, { version: '0.0.0-test', readiness: async () => readiness.value, ...options });
  const keys = {
    admin: await makeKey(ports, DEFAULT_TENANT, 'admin'),
    operator: await makeKey(ports, DEFAULT_TENANT, 'operator'),
    viewer: await makeKey(ports, DEFAULT_TENANT, 'viewer'),
    publisher: await makeKey(ports, DEFAULT_TENANT, 'publisher'),
  };
  return {
    app,
    ports,
    keys,
    foreignKey: await makeKey(ports, FOREIGN_TENANT, 'admin'),
    logged,
    handovers,
    sent,
    readiness,
    receiverAnswers: (next) => {
      answer = next;
    },
    advance: (ms) => {
      nowMs += ms;
    },
    call: (method, path, body, options) => call(app, keys.admin, method, path, body, options),
  };
}

async function makeKey(ports: FlowPorts, tenant: Id, role: Role): Promise<string> {
  const made = await createKey(ports, { tenant, name: role, role, expiresAtMs: null });
  if (made.kind !== 'created') throw new Error(`no key: ${made.kind}`);
  return made.secret;
}

async function call(
  app: App,
  admin: string,
  method: string,
  path: string,
  body: unknown,
  { key = admin, headers = {} }: CallOptions = {},
): Promise<Got> {
  const response = await app.fetch(
    new Request(`http://hookyard.test${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
}
