/** What a refused certificate says of itself, for the sentence of the failure. */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FailureCode } from '../../core/failure.ts';

const seen = new WeakMap<Socket, X509Certificate>();

/**
 * Remembers the certificate of the other side. It has to be read before Node judges it: a socket whose certificate was
 * refused has none any more.
 */
export function rememberCertificate(socket: TLSSocket): void {
  socket.prependOnceListener('secure', () => {
    const certificate = peerCertificate(socket);
    if (certificate !== undefined) seen.set(socket, certificate);
  });
}

/** Undefined too of one that cannot be parsed. */
function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  try {
    return socket.getPeerX509Certificate();
  } catch {
    return undefined;
  }
}

/** Facts for the TLS rows of the failure table; empty for other failures. Texts are cut: the other side wrote them. */
export function certificateFacts(socket: Socket, failure: FailureCode, host: string): Record<string, string> {
  try {
    return factsOf(socket, failure, host);
  } catch {
    // What the other side wrote is read here inside a listener, where an error would end the process.
    return {};
  }
}

function factsOf(socket: Socket, failure: FailureCode, host: string): Record<string, string> {
  const certificate = socket instanceof TLSSocket ? seen.get(socket) : undefined;
  switch (failure) {
    case 'tls_hostname':
      return { host, ...named('names', namesOf(certificate)) };
    case 'tls_untrusted':
      return named('issuer', issuerOf(certificate));
    case 'tls_expired':
      return named('date', validityOf(certificate));
    default:
      return {};
  }
}

const MAX_FACT_CHARS = 200;

function named(name: string, value: string | undefined): Record<string, string> {
  return value ? { [name]: value.slice(0, MAX_FACT_CHARS) } : {};
}

function namesOf(certificate: X509Certificate | undefined): string | undefined {
  return certificate?.subjectAltName?.replaceAll(/(DNS|IP Address):/g, '');
}

function issuerOf(certificate: X509Certificate | undefined): string | undefined {
  // Undefined, against its type, of a certificate that names nobody.
  const issuer: string | undefined = certificate?.issuer;
  const lines = issuer?.split('\n') ?? [];
  return (lines.find((line) => line.startsWith('CN=')) ?? lines[0])?.replace(/^\w+=/, '');
}

function validityOf(certificate: X509Certificate | undefined): string | undefined {
  if (certificate === undefined) return undefined;
  return `valid from ${dayOf(certificate.validFrom)} to ${dayOf(certificate.validTo)}`;
}

/** @param date as OpenSSL prints it: where it is none, `validFromDate` is whatever stood in memory */
function dayOf(date: string): string {
  const atMs = Date.parse(date);
  return Number.isNaN(atMs) ? 'a date that is none' : new Date(atMs).toISOString().slice(0, 10);
}
