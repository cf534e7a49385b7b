import { authorities } from '../../src/adapters/authorities.ts';
import { createSealer } from '../../src/adapters/keyring.ts';
import { createMac } from '../../src/adapters/mac.ts';
import { createMemoryStore } from '../../src/adapters/memory/store.ts';
import type { Answer } from '../../src/core/attempt.ts';
import { createAuthenticate } from '../../src/flows/authenticate.ts';
import { createConfigurationCache, type FlowPorts } from '../../src/flows/configuration.ts';
import type {
  Handover,
  Log,
  Metrics,
  OutboundRequest,
  Ports,
  Random,
  SecretReferences,
  Vetted,
} from '../../src/ports.ts';
import { type SteppedClock, steppedClock } from './stepped-clock.ts';

/** The ports of a flow, over the memory store; only the world outside is made up. */
export type FakePorts = FlowPorts & {
  clock: SteppedClock;
  /** What was sent, in order. */
  sent: OutboundRequest[];
  /** What the receiver answers next, in order; 200 when nothing is left. */
  answers: Answer[];
  /** What was handed to the worker. */
  offered: Handover[];
  /** Names of logged lines. */
  logged: string[];
  /** What the gate says from now on. */
  vetted: { of(url: string): Vetted; asked: string[] };
};

const connection = { remoteAddress: '203.0.113.9', reused: false, httpVersion: '1.1' };
const phases = { dns: 1, connect: 1, tls: 1, send: 1, firstByte: 8, total: 12.4 };

/** A receiver's answer. */
export function answered(status: number, headers: Record<string, string> = {}, body = 'OK'): Answer {
  const bytes = new TextEncoder().encode(body);
  return { kind: 'response', status, headers, body: bytes, truncated: false, length: bytes.length, phases, connection };
}

/** A try that got no answer. */
export function unanswered(
  code: Extract<Answer, { kind: 'failure' }>['code'],
  facts: Record<string, string> = {},
): Answer {
  return { kind: 'failure', code, facts, phases, connection };
}

/** Dice that fall the same way in every run and never twice alike. */
export function fakeRandom(): Random {
  const mac = createMac();
  let drawn = 0;
  return { roll: () => 0.5, bytes: (count) => new Uint8Array(mac.sha256(`${drawn++}`)).slice(0, count) };
}

const SEALING_KEY = { id: '00112233445566aa', key: Uint8Array.from({ length: 32 }, (_, at) => at * 7) };

/** Ports for one test; `overrides` replace single ones. */
export function fakePorts(overrides: Partial<Ports> = {}): FakePorts {
  const clock = steppedClock();
  const noted = {
    sent: [] as OutboundRequest[],
    answers: [] as Answer[],
    offered: [] as Handover[],
    logged: [] as string[],
  };
  const vetted: FakePorts['vetted'] = { of: allowed, asked: [] };
  const ports: Ports = {
    clock,
    random: fakeRandom(),
    mac: createMac(),
    sealer: createSealer({ active: SEALING_KEY, keys: [SEALING_KEY] }),
    store: createMemoryStore({ now: clock.nowMs }),
    gate: {
      vet: async (url) => {
        vetted.asked.push(url);
        return vetted.of(url);
      },
    },
    sender: {
      send: async (request) => {
        noted.sent.push(request);
        return noted.answers.shift() ?? answered(200);
      },
      sockets: () => 0,
      close: async () => {},
    },
    secretReferences: NO_REFERENCES,
    authorities,
    log: fakeLog(noted.logged),
    metrics: NO_METRICS,
    dispatch: {
      offer: (handover) => noted.offered.push(handover),
      hold: () => null,
      configurationChanged: () => {},
      withdraw: () => {},
      recall: () => 'kept_back',
    },
    ...overrides,
  };
  const configuration = createConfigurationCache(ports);
  const authenticate = createAuthenticate(ports, new Map());
  return { ...ports, ...noted, clock, vetted, configuration, authenticate };
}

export function allowed(url: string): Vetted {
  const { href, host, origin, pathname } = new URL(url);
  const addresses = ['203.0.113.9'];
  return {
    kind: 'allowed',
    target: {
      href,
      protocol: 'https:',
      host,
      port: 443,
      hostHeader: host,
      literal: false,
      path: pathname,
      origin,
      addresses,
    },
  };
}

/** Nothing stands outside the store. */
export const NO_REFERENCES: SecretReferences = {
  read: async () => ({ kind: 'missing', reason: 'nothing is there' }),
};

function fakeLog(logged: string[]): Log {
  const note = (event: string) => {
    logged.push(event);
  };
  return { debug: note, info: note, warn: note, error: note };
}

const NO_METRICS: Metrics = { count: () => {}, observe: () => {}, gauge: () => {}, expose: async () => '' };
