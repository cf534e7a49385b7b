/** Sends requests over HTTP/1.1 to addresses that the gate allowed: no redirects, no proxy, no decompression. */
import type { CheckedTarget } from '../core/address.ts';
import type { Answer } from '../core/attempt.ts';
import type { Clock, Gate, Sender, Vetted } from '../ports.ts';
import { createDeadlines } from './sender/deadlines.ts';
import { type Exchange, fail, newExchange, respond } from './sender/exchange.ts';
import { createLines } from './sender/lines.ts';
import { createTrusts } from './sender/trust.ts';
import { createVerdicts } from './sender/verdicts.ts';

/** As many as tries under way. */
const MAX_SOCKETS = 2048;
const MAX_SOCKETS_PER_ORIGIN = 1024;
const VERDICTS_KEPT_MS = 5000;

export interface SenderOptions {
  /** Sockets over all origins; the longest idle one gives way. 2048 unless told. */
  maxSockets?: number;
  /**
   * Sockets to one origin under one TLS policy; further requests wait for one, within their deadline. 1024 unless told.
   */
  maxSocketsPerOrigin?: number;
  /** How long an allowed target is not vetted again, in milliseconds; 5000 unless told, 0 vets every request. */
  verdictsKeptMs?: number;
  /** PEM texts of authorities trusted besides the platform's own. */
  authorities?: readonly string[];
  /** Where we come from, as a receiver with a firewall has to know. */
  egressIps?: readonly string[];
}

/**
 * The sender. Each request has one deadline (`timeoutMs`, noticed at most 25 ms late) over DNS, connecting, TLS,
 * sending and the answer; connecting gets at most 5 s of it. Of an answer 64 KiB are kept and 1 MiB counted, then the
 * connection is closed. A connection that was reused and turns out to be closed before a byte of the answer is
 * replaced once, at once, within the same deadline.
 * Long because the steps of an exchange are callbacks over the same few parts.
 */
export function createSender(wiring: { gate: Gate; clock: Clock; options?: SenderOptions }): Sender {
  const { gate, clock, options = {} } = wiring;
  const verdicts = createVerdicts(clock, options.verdictsKeptMs ?? VERDICTS_KEPT_MS);
  const deadlines = createDeadlines(clock, expire);
  const lines = createLines({
    clock,
    trusts: createTrusts(options.authorities ?? []),
    maxSockets: options.maxSockets ?? MAX_SOCKETS,
    maxSocketsPerOrigin: options.maxSocketsPerOrigin ?? MAX_SOCKETS_PER_ORIGIN,
  });
  const egressIps = (options.egressIps ?? []).join(', ');
  let closed = false;

  function begin(exchange: Exchange): void {
    if (closed) {
      stopped(exchange, clock.monotonicMs());
      return;
    }
    deadlines.watch(exchange);
    const target = verdicts.recall(exchange.request.url);
    if (target === null) vet(exchange);
    else place(exchange, target, 0);
  }

  function place(exchange: Exchange, target: CheckedTarget, dnsMs: number): void {
    exchange.target = target;
    exchange.dnsMs = target.literal ? null : dnsMs;
    lines.place(exchange, target);
  }

  function vet(exchange: Exchange): void {
    const { url, timeoutMs } = exchange.request;
    gate.vet(url, timeoutMs).then(
      (vetted) => {
        if (exchange.stage === 'vetting') proceed(exchange, vetted);
      },
      () => fail(exchange, 'internal_error', { reason: 'the address could not be judged' }, clock.monotonicMs()),
    );
  }

  function proceed(exchange: Exchange, vetted: Vetted): void {
    const nowMs = clock.monotonicMs();
    const tookMs = nowMs - exchange.startedMs;
    switch (vetted.kind) {
      case 'allowed':
        verdicts.remember(exchange.request.url, vetted.target);
        place(exchange, vetted.target, tookMs);
        break;
      case 'refused':
        fail(exchange, 'ssrf_blocked', factsOfRefusal(vetted), nowMs);
        break;
      case 'unresolved':
        exchange.dnsMs = tookMs;
        fail(
          exchange,
          vetted.failure === 'not_found' ? 'dns_not_found' : 'dns_timeout',
          { host: vetted.host, ms: `${Math.round(tookMs)}` },
          nowMs,
        );
    }
  }

  return {
    send: (request) =>
      new Promise((resolve) => begin(newExchange(request, telling(egressIps, resolve), clock.monotonicMs()))),
    sockets: lines.count,
    async close() {
      closed = true;
      const open = deadlines.open();
      // All are settled before a carrier stops, or the place of one would go to another that waits.
      const carriers = open.map((exchange) => exchange.carrier);
      for (const exchange of open) stopped(exchange, clock.monotonicMs());
      for (const carrier of carriers) carrier?.stop();
      await lines.close();
    },
  };
}

type Resolve = (answer: Answer) => void;

/** Who connects in vain may have a firewall in the way. */
function telling(egressIps: string, resolve: Resolve): Resolve {
  if (egressIps === '') return resolve;
  return (answer) => {
    const isInVain = answer.kind === 'failure' && answer.code === 'connect_timeout';
    resolve(isInVain ? { ...answer, facts: { ...answer.facts, egressIps } } : answer);
  };
}

function stopped(exchange: Exchange, nowMs: number): void {
  fail(exchange, 'aborted_shutdown', { reason: 'the process is stopping' }, nowMs);
}

function factsOfRefusal({ refusal }: Vetted & { kind: 'refused' }): Record<string, string> {
  const { rule, message, remedy, host, address, range } = refusal;
  return { rule, message, remedy, ...(host && { host }), ...(address && { ip: address }), ...(range && { range }) };
}

/** Ends an exchange whose deadline has passed. Connecting has a limit of its own that is never later. */
function expire(exchange: Exchange, nowMs: number): void {
  const ms = `${exchange.request.timeoutMs}`;
  switch (exchange.stage) {
    case 'vetting':
      exchange.dnsMs = nowMs - exchange.startedMs;
      fail(exchange, 'dns_timeout', { ms }, nowMs);
      break;
    case 'waiting':
      fail(exchange, 'internal_error', { reason: 'no connection was free in time' }, nowMs);
      break;
    case 'carried':
      expireCarried(exchange, ms, nowMs);
      break;
    case 'dialing':
    case 'settled':
  }
}

function expireCarried(exchange: Exchange, ms: string, nowMs: number): void {
  const { carrier } = exchange;
  const unsent = (carrier?.unsentBytes() ?? 0) > 0;
  carrier?.stop();
  if (exchange.status > 0) respond(exchange, false, nowMs);
  else fail(exchange, unsent ? 'request_timeout' : 'response_timeout', { ms, timeout: ms }, nowMs);
}
