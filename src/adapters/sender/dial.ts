/** Opens a connection to a target that the address gate allowed, and to nothing else. */
import { connect, isIPv6, type Socket, SocketAddress } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { CheckedTarget } from '../../core/address.ts';
import type { FailureCode } from '../../core/failure.ts';
import type { Clock } from '../../ports.ts';
import { certificateFacts, rememberCertificate } from './certificate.ts';
import { factsOfError, failureOfError } from './errors.ts';
import type { Trust } from './trust.ts';

/** Addresses of a name that one try goes through. */
const MAX_ADDRESSES = 4;

/** An open connection, with TLS done where the scheme asks for it. */
export interface Connected {
  kind: 'connected';
  socket: Socket;
  /** The allowed address it leads to. */
  address: string;
  connectMs: number;
  /** Null without TLS. */
  tlsMs: number | null;
}

export interface NotConnected {
  kind: 'failed';
  code: FailureCode;
  facts: Record<string, string>;
  address: string;
  connectMs: number | null;
}

export interface Dialing {
  readonly target: CheckedTarget;
  readonly trust: Trust;
  readonly clock: Clock;
  /** Over all addresses and the TLS handshake. */
  readonly limitMs: number;
  readonly done: (outcome: Connected | NotConnected) => void;
}

/**
 * Connects to the target's addresses in their order until one takes the connection; each gets an equal share of what
 * is left of `limitMs`, and the one that took it all of the rest for TLS. Calls `done` once, later; the returned
 * function gives up silently.
 */
export function dial(dialing: Dialing): () => void {
  const untilMs = dialing.clock.monotonicMs() + dialing.limitMs;
  const addresses = dialing.target.addresses.slice(0, MAX_ADDRESSES);
  let giveUp = ignore;
  const tryNext = (index: number) => {
    const address = addresses[index] ?? '';
    const shareMs = (untilMs - dialing.clock.monotonicMs()) / (addresses.length - index);
    giveUp = attempt({ ...dialing, address, untilMs, shareMs }, (outcome) => {
      const again = outcome.kind === 'failed' && outcome.connectMs === null && index + 1 < addresses.length;
      if (again) tryNext(index + 1);
      else dialing.done(outcome);
    });
  };
  tryNext(0);
  return () => giveUp();
}

interface Attempt extends Dialing {
  readonly address: string;
  readonly untilMs: number;
  readonly shareMs: number;
}

function attempt(plan: Attempt, report: (outcome: Connected | NotConnected) => void): () => void {
  const { clock, target, address } = plan;
  const secure = target.protocol === 'https:';
  const startedMs = clock.monotonicMs();
  let connectMs: number | null = null;
  let over = false;
  const socket = secure ? openTls(plan) : openPlain(plan);
  const finish = (outcome: Connected | NotConnected | null) => {
    if (over) return;
    over = true;
    cancel();
    if (outcome?.kind !== 'connected') socket.destroy();
    if (outcome) report(outcome);
  };
  const failed = (code: FailureCode, facts: Record<string, string>) => {
    finish({ kind: 'failed', code, facts: { ip: address, port: `${target.port}`, ...facts }, address, connectMs });
  };
  const late = () => {
    const ms = `${Math.round(clock.monotonicMs() - startedMs)}`;
    if (connectMs === null) failed('connect_timeout', { ms });
    else failed('tls_protocol', { alert: `no answer to the handshake in ${ms} ms` });
  };
  let cancel = clock.after(plan.shareMs, late);
  // Stays for the life of the socket: an error between this and the first use of the socket must not go unheard.
  socket.on('error', (error) => {
    const code = failureOfError(error, connectMs === null ? 'connecting' : 'handshaking');
    failed(code, { ...factsOfError(error, code), ...certificateFacts(socket, code, target.host) });
  });
  socket.once('connect', () => {
    connectMs = clock.monotonicMs() - startedMs;
    cancel();
    if (secure) cancel = clock.after(plan.untilMs - clock.monotonicMs(), late);
  });
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return failed('connection_reset', { after: 'as soon as it was open' });
    if (!leadsTo(remoteAddress, address)) {
      return failed('internal_error', { reason: 'the connection led to another address' });
    }
    const tlsMs = secure ? clock.monotonicMs() - startedMs - (connectMs ?? 0) : null;
    finish({ kind: 'connected', socket, address, connectMs: connectMs ?? 0, tlsMs });
  });
  return () => finish(null);
}

/** `host` is always an address, so no lookup can take place. */
function openPlain({ address, target }: Attempt): Socket {
  return connect({ host: address, port: target.port, noDelay: true });
}

function openTls({ address, target, trust }: Attempt): TLSSocket {
  const socket = connectTls({
    host: address,
    port: target.port,
    secureContext: trust.context(),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: trust.verify,
    // RFC 6066 allows no address here.
    ...(target.literal ? {} : { servername: target.host }),
  });
  rememberCertificate(socket);
  return socket.setNoDelay(true);
}

function leadsTo(remoteAddress: string, address: string): boolean {
  return remoteAddress === address || canonical(remoteAddress) === canonical(address);
}

function canonical(address: string): string {
  return new SocketAddress({ address, family: isIPv6(address) ? 'ipv6' : 'ipv4' }).address;
}

function ignore(): void {}
