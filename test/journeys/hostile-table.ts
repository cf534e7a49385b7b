/** What receivers do to those who call them, and what has to become of it. */
import { gzipSync } from 'node:zlib';
import type { FailureCode } from '../../src/core/failure.ts';
import {
  distantCertificate,
  expiredCertificate,
  namelessCertificate,
  oddlyDatedCertificate,
  otherHostCertificate,
  selfSignedCertificate,
  validCertificate,
} from '../support/certificates.ts';
import { type Behaviour, breaks, drips, ends, floods, heard, says, stalls } from '../support/receiver-hostile.ts';

export interface Row {
  name: string;
  behaviour: Behaviour;
  /** null when the delivery succeeds. */
  code: FailureCode | null;
  /** HTTP status; null when none came in. */
  status?: number;
  /** Whether the `standard` profile tries it again. */
  retried: boolean;
  /** Ends only by its deadline. */
  hangs?: true;
  /** Bytes of the event's data; small unless told. */
  bytes?: number;
  /** What its URL begins with, when that is not what it speaks. */
  scheme?: 'http' | 'https';
}

const ok = 'HTTP/1.1 200 OK\r\n';
const empty = 'content-length: 0\r\n\r\n';
const chunked = 'transfer-encoding: chunked\r\n\r\n';
const statusLine = (status: number | string) => `HTTP/1.1 ${status} Hostile\r\n`;

/** An answer of a valid status. */
function status(number: number, code: FailureCode | null, retried = false): Row {
  const location = number >= 300 && number < 400 ? 'location: https://elsewhere.test/\r\n' : '';
  const answer = says(`${statusLine(number)}${location}${empty}`);
  return { name: `status ${number}`, behaviour: { answer }, code, status: number, retried };
}

const delivered = (name: string, answer: Behaviour['answer'], more: Partial<Row> = {}): Row => ({
  name,
  behaviour: { answer: answer ?? says(ok, empty) },
  code: null,
  status: 200,
  retried: false,
  ...more,
});

/** Something that comes to no answer, and is tried again. */
const failing = (name: string, code: FailureCode, behaviour: Behaviour, more: Partial<Row> = {}): Row => ({
  name,
  behaviour,
  code,
  retried: true,
  ...more,
});

const hanging = (name: string, code: FailureCode, behaviour: Behaviour, more: Partial<Row> = {}): Row =>
  failing(name, code, behaviour, { hangs: true, ...more });

/** Bytes that are no HTTP answer. */
const garbled = (name: string, ...bytes: readonly (string | Uint8Array)[]): Row =>
  failing(name, 'protocol_error', { answer: ends(...bytes) });

const STATUSES: readonly Row[] = [
  ...[200, 201, 202, 204, 226, 299].map((number) => status(number, null)),
  ...[300, 301, 302, 303, 304, 305, 307, 308, 399].map((number) => status(number, 'redirect_refused')),
  ...[402, 406, 409, 413, 418, 451, 499].map((number) => status(number, 'http_4xx')),
  status(400, 'http_400'),
  status(401, 'http_401'),
  status(403, 'http_403'),
  status(404, 'http_404'),
  status(405, 'http_405'),
  status(410, 'http_410'),
  status(422, 'http_422'),
  status(408, 'http_408', true),
  status(425, 'http_425', true),
  status(429, 'http_429', true),
  ...[500, 501, 502, 503, 504, 520, 599].map((number) => status(number, 'http_5xx', true)),
];

const ODD_STATUSES: readonly Row[] = [
  ...['000', '099', '0200', '20', '2000', '600', '999', '-20', '+20', '2 0', 'abc', ''].map((text) =>
    garbled(`status "${text}"`, statusLine(text), empty),
  ),
  delivered('a status without a reason', says('HTTP/1.1 200\r\n', empty)),
  delivered('early hints before the answer', says('HTTP/1.1 103 Early\r\nlink: x\r\n\r\n', ok, empty)),
  delivered('a thousand early hints before the answer', says('HTTP/1.1 103 E\r\n\r\n'.repeat(1000), ok, empty)),
  garbled('100 Continue, which nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n', ok, empty),
  garbled('101, which nobody asked for', 'HTTP/1.1 101 S\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  hanging('early hints and nothing more', 'response_timeout', { answer: says('HTTP/1.1 103 Early\r\n\r\n') }),
  hanging('early hints without end', 'response_timeout', { answer: drips('', 'HTTP/1.1 102 Wait\r\n\r\n', 20) }),
  failing('early hints and a close', 'connection_reset', { answer: ends('HTTP/1.1 103 Early\r\n\r\n') }),
];

const SLOW: readonly Row[] = [
  delivered('a slow answer', (socket) => void setTimeout(() => says(ok, empty)(socket), 100)),
  delivered('an answer in single bytes', (socket) => void [...ok, ...empty].map((byte) => socket.write(byte))),
  hanging('no answer', 'response_timeout', { answer: () => {} }),
  hanging('half a status line', 'response_timeout', { answer: says('HTTP/1.1 20') }),
  hanging('headers in drips', 'response_timeout', { answer: drips(`${ok}x-drip: `, 'x', 50) }),
  hanging('header after header', 'response_timeout', { answer: drips(ok, 'x-drip: drop\r\n', 50) }),
  delivered('a body in drips', drips(ok + chunked, '1\r\nx\r\n', 50), { hangs: true }),
  delivered('half a body', says(ok, 'content-length: 100\r\n\r\nhalf'), { hangs: true }),
  delivered('a body without end', floods(ok + chunked, `4000\r\n${'x'.repeat(0x4000)}\r\n`)),
  hanging(
    'a failure with a body in drips',
    'http_5xx',
    { answer: drips(statusLine(500) + chunked, '1\r\nx\r\n', 50) },
    { status: 500 },
  ),
];

const BROKEN: readonly Row[] = [
  failing('a reset at once', 'connection_reset', { accept: breaks() }),
  failing('a close at once', 'connection_reset', { accept: ends() }),
  failing('a reset instead of an answer', 'connection_reset', { answer: breaks() }),
  failing('a close instead of an answer', 'connection_reset', { answer: ends() }),
  failing('a reset within the headers', 'connection_reset', { answer: breaks(`${ok}x-half: `) }),
  failing('a close within the headers', 'connection_reset', { answer: ends(`${ok}x-half: `) }),
  delivered('a reset within the body', breaks(`${ok}content-length: 100\r\n\r\nhalf`)),
  delivered('a close within the body', ends(`${ok}content-length: 100\r\n\r\nhalf`)),
  delivered('a reset within a chunk', breaks(`${ok}${chunked}64\r\nhalf`)),
];

const bomb = gzipSync(Buffer.alloc(16 << 20));
const zipped = `content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;

const BODIES: readonly Row[] = [
  delivered('a gzip bomb', says(ok, zipped, bomb)),
  delivered('a body said to be gzip', says(ok, 'content-encoding: gzip\r\ncontent-length: 3\r\n\r\nnot')),
  delivered('more than its length', ends(ok, 'content-length: 2\r\n\r\nok, and much more')),
  delivered('two answers', says(ok, empty, statusLine(500), empty)),
  delivered('a body of 1 MiB', says(ok, `content-length: ${1 << 20}\r\n\r\n`, 'x'.repeat(1 << 20))),
  delivered('a length of petabytes', floods(`${ok}content-length: 9007199254740991\r\n\r\n`, 'x'.repeat(0x4000))),
  delivered('garbage as chunks', ends(ok, chunked, 'not a length\r\nx\r\n')),
  delivered('a chunk of 2^68 bytes', ends(ok, chunked, 'FFFFFFFFFFFFFFFFF\r\nx\r\n')),
  delivered('a trailer', says(ok, 'trailer: x-t\r\n', chunked, '2\r\nok\r\n0\r\nx-t: 1\r\n\r\n')),
  garbled('a length that is no number', ok, 'content-length: many\r\n\r\nx'),
  garbled('a length below zero', ok, 'content-length: -1\r\n\r\nx'),
  garbled('two lengths', ok, 'content-length: 1\r\ncontent-length: 2\r\n\r\nxy'),
  garbled('a length and chunks', ok, 'content-length: 1\r\n', chunked, '0\r\n\r\n'),
];

const HEADS: readonly Row[] = [
  delivered('2000 headers', says(ok, 'a:b\r\n'.repeat(2000), empty)),
  garbled('a header of 20 KiB', ok, `x: ${'y'.repeat(20_480)}\r\n`, empty),
  garbled('a header of 4 MiB', ok, `x: ${'y'.repeat(4 << 20)}\r\n`, empty),
  garbled('50,000 headers', ok, 'a:b\r\n'.repeat(50_000), empty),
  failing('headers without end', 'protocol_error', { answer: floods(ok, `x: ${'y'.repeat(1000)}\r\n`) }),
  failing('a reason without end', 'protocol_error', { answer: floods('HTTP/1.1 200 ', 'y'.repeat(1000)) }),
  failing('early hints without end, at once', 'protocol_error', {
    answer: floods('', 'HTTP/1.1 103 E\r\n\r\n'.repeat(1000)),
  }),
  garbled('a header without a name', ok, ': x\r\n', empty),
  garbled('a NUL in a header', ok, 'x: a\0b\r\n', empty),
  garbled('a space in the name of a header', ok, 'x y: z\r\n', empty),
  delivered('hostile names', says(ok, '__proto__: x\r\nconstructor: y\r\ntoString: z\r\n', empty)),
];

const OTHER_PROTOCOLS: readonly Row[] = [
  delivered('HTTP/1.0', ends('HTTP/1.0 200 OK\r\n\r\nok')),
  delivered('HTTP/1.0 that stays', says('HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n', empty)),
  garbled('HTTP/0.9', '<html>ok</html>'),
  garbled('HTTP/9.9', 'HTTP/9.9 200 OK\r\n', empty),
  garbled('the settings of HTTP/2', Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0)),
  garbled('SSH', 'SSH-2.0-OpenSSH_9.9\r\n'),
  failing('a mail server that speaks first', 'protocol_error', { accept: says('220 mail.test ESMTP\r\n') }),
  garbled('zeros', new Uint8Array(1000)),
];

const ALERT = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 0x28);
const secure = (certificate: string): Behaviour => ({ certificate, answer: says(ok, empty) });
const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

const TLS: readonly Row[] = [
  delivered('TLS as it should be', undefined, { behaviour: secure(validCertificate) }),
  failing('a certificate that signed itself', 'tls_untrusted', secure(selfSignedCertificate)),
  failing('a certificate that names nobody', 'tls_untrusted', secure(namelessCertificate)),
  failing('a certificate without a date to start from', 'tls_expired', secure(oddlyDatedCertificate)),
  failing('an intermediate that is missing', 'tls_untrusted', secure(distantCertificate)),
  failing('a certificate that has expired', 'tls_expired', secure(expiredCertificate)),
  failing('a certificate of another host', 'tls_hostname', secure(otherHostCertificate)),
  failing('TLS 1.1 at most', 'tls_protocol', { ...secure(validCertificate), tls: OLD }),
  failing('an alert', 'tls_protocol', { accept: ends(ALERT) }, { scheme: 'https' }),
  failing('a close in the handshake', 'tls_protocol', { accept: heard(ends()) }, { scheme: 'https' }),
  failing('a reset in the handshake', 'tls_protocol', { accept: heard(breaks()) }, { scheme: 'https' }),
  failing('garbage in the handshake', 'tls_protocol', { accept: ends('x'.repeat(1000)) }, { scheme: 'https' }),
  hanging('silence in the handshake', 'tls_protocol', { accept: stalls }, { scheme: 'https' }),
  failing(
    'plain HTTP where TLS was expected',
    'tls_protocol',
    { accept: heard(ends(statusLine(400), empty)) },
    { scheme: 'https' },
  ),
  failing('TLS where plain HTTP was expected', 'connection_reset', secure(validCertificate), { scheme: 'http' }),
  failing('a reset after the handshake', 'connection_reset', { certificate: validCertificate, answer: breaks() }),
  hanging('no answer over TLS', 'response_timeout', { certificate: validCertificate, answer: () => {} }),
];

/** What takes an event so large that the network between does not hold it. */
export const LARGE_ROWS: readonly Row[] = [
  failing('a reset within the request', 'connection_reset', { head: breaks() }, { bytes: 1 << 20 }),
  hanging('a request that is never read', 'request_timeout', { accept: stalls }, { bytes: 24 << 20 }),
];

/** Every way of being hostile that needs nothing but a server of our own. */
export const ROWS: readonly Row[] = [
  ...STATUSES,
  ...ODD_STATUSES,
  ...SLOW,
  ...BROKEN,
  ...BODIES,
  ...HEADS,
  ...OTHER_PROTOCOLS,
  ...TLS,
];
