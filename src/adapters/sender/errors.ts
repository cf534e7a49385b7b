/** What errors of sockets, TLS and undici mean in the words of the failure table. Nothing of their messages is kept. */
import type { FailureCode } from '../../core/failure.ts';

/** How far a try had come when its error struck. */
export type Stage = 'connecting' | 'handshaking' | 'exchanging';

const UNTRUSTED = [
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
] as const;
/** Certificates that no authority would make good; `UNSPECIFIED` is every fault for which Node has no code of its own. */
const FAULTY: readonly string[] = [
  'CERT_CHAIN_TOO_LONG',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CRL_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_SIGNATURE_FAILURE',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CRL_LAST_UPDATE_FIELD',
  'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_GET_CRL',
  'UNSPECIFIED',
];
const UNREACHABLE = ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETUNREACH'] as const;
/** `destroyed` and `closed` appear when a socket went away between being picked and being written to. */
const RESET = [
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ETIMEDOUT',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'UND_ERR_SOCKET',
] as const;

const CODES: ReadonlyMap<string, FailureCode> = new Map<string, FailureCode>([
  ...[...UNTRUSTED, ...FAULTY].map((code) => [code, 'tls_untrusted'] as const),
  ...UNREACHABLE.map((code) => [code, 'connect_unreachable'] as const),
  ...RESET.map((code) => [code, 'connection_reset'] as const),
  ['OUT_OF_MEM', 'internal_error'],
  ['CERT_HAS_EXPIRED', 'tls_expired'],
  ['CERT_NOT_YET_VALID', 'tls_expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_hostname'],
  ['HOSTNAME_MISMATCH', 'tls_hostname'],
  ['EPROTO', 'tls_protocol'],
  ['ECONNREFUSED', 'connect_refused'],
  ['UND_ERR_HEADERS_OVERFLOW', 'protocol_error'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'protocol_error'],
]);

const PREFIXES: readonly (readonly [string, FailureCode])[] = [
  ['HPE_', 'protocol_error'],
  ['ERR_SSL_', 'tls_protocol'],
  ['ERR_TLS_', 'tls_protocol'],
];

function textOf(error: unknown, field: 'code' | 'message' | 'name' | 'reason'): string {
  const value = typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined;
  return typeof value === 'string' ? value : '';
}

/** undici gives some errors of its HTTP parser no code. */
function codeOf(error: unknown): string {
  return textOf(error, 'code') || (textOf(error, 'name') === 'HTTPParserError' ? 'HPE_MALFORMED' : '');
}

/** undici tells an interim answer or an upgrade nobody asked for only by the message of its socket error. */
function isBadAnswer(error: unknown): boolean {
  return textOf(error, 'code') === 'UND_ERR_SOCKET' && textOf(error, 'message').startsWith('bad ');
}

/**
 * The failure an error means. What no row knows is our own fault, `internal_error`; in a handshake it is the other
 * side's.
 */
export function failureOfError(error: unknown, stage: Stage): FailureCode {
  const code = codeOf(error);
  if (isBadAnswer(error)) return 'protocol_error';
  const unknown = stage === 'handshaking' ? 'tls_protocol' : 'internal_error';
  const known = CODES.get(code) ?? PREFIXES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? unknown;
  if (known !== 'connection_reset') return known;
  if (stage === 'handshaking') return 'tls_protocol';
  return stage === 'connecting' && code === 'ETIMEDOUT' ? 'connect_timeout' : known;
}

/** The largest head of an answer that is accepted. */
export const MAX_HEADER_BYTES = 16_384;

/** What an error adds to the facts of its failure: plain words only, since messages can carry URLs. */
export function factsOfError(error: unknown, failure: FailureCode): Record<string, string> {
  const code = codeOf(error);
  switch (failure) {
    case 'tls_untrusted':
      return FAULTY.includes(code) ? { fault: faultWords(error, code) } : {};
    case 'tls_protocol':
      return { alert: handshakeWords(error, code) };
    case 'protocol_error':
      return { detail: protocolWords(error, code) };
    case 'internal_error':
      return { reason: /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'unknown error' };
    default:
      return {};
  }
}

/** Of a fault of a certificate the message is a fixed sentence of OpenSSL, and often all that says which one it is. */
function faultWords(error: unknown, code: string): string {
  const message = textOf(error, 'message');
  return /^[\w (),'-]{1,100}$/.test(message) ? message : code.replaceAll('_', ' ').toLowerCase();
}

function handshakeWords(error: unknown, code: string): string {
  const reason = textOf(error, 'reason') || code.replace(/^ERR_(SSL|TLS)_/, '').replaceAll('_', ' ');
  const closed = CODES.get(code) === 'connection_reset';
  return closed ? 'the connection was closed during the handshake' : reason.toLowerCase().slice(0, 100);
}

function protocolWords(error: unknown, code: string): string {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return `headers of more than ${MAX_HEADER_BYTES} bytes`;
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'content-length and body disagree';
  if (isBadAnswer(error)) return 'an interim answer or an upgrade that was not asked for';
  return code.replace(/^HPE_/, '').replaceAll('_', ' ').toLowerCase();
}
