/** A name server on this machine, and the way to make a process ask it: real DNS packets, no network. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Name → its addresses. Every other name does not exist. */
export type Zone = Readonly<Record<string, readonly string[]>>;

export interface NameServer {
  /** `address:port`. */
  address: string;
  /** Variables that make a Node process resolve names here. */
  env: Readonly<Record<string, string>>;
  close(): void;
}

const A = 1;
const AAAA = 28;
const NAME_ERROR = 3;
const HEADER_BYTES = 12;
const TYPE_AND_CLASS_BYTES = 4;
const PRELOAD = fileURLToPath(new URL('./ask-name-server.ts', import.meta.url));

/** Starts a name server for `zone` on a free port. */
export async function startNameServer(zone: Zone): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(reply(query, zone), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = `127.0.0.1:${socket.address().port}`;
  return {
    address,
    env: { NODE_OPTIONS: `--import=${PRELOAD}`, NAME_SERVER: address },
    close: () => socket.close(),
  };
}

/**
 * RFC 1035 §4.1: header and question as they came, then a record for each address of the type asked for, which points at
 * the question's name.
 */
function reply(query: Buffer, zone: Zone): Buffer {
  const nameEnd = query.indexOf(0, HEADER_BYTES);
  const labels: string[] = [];
  for (let at = HEADER_BYTES; at < nameEnd; at += 1 + query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query.readUInt8(at)));
  }
  const addresses = zone[labels.join('.').toLowerCase()];
  const type = query.readUInt16BE(nameEnd + 1);
  const records = (addresses ?? []).filter((ip) => type === (isIPv6(ip) ? AAAA : A)).map(bytesOf);
  const head = Buffer.from(query.subarray(0, nameEnd + 1 + TYPE_AND_CLASS_BYTES));
  head.writeUInt16BE(0x8180 | (addresses === undefined ? NAME_ERROR : 0), 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  const sections = records.map((bytes) =>
    Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes]),
  );
  return Buffer.concat([head, ...sections]);
}

/** An address as it stands in a record. */
function bytesOf(ip: string): readonly number[] {
  if (!isIPv6(ip)) return ip.split('.').map(Number);
  // The URL parser writes all groups in hexadecimal digits, and the longest run of zeros as nothing.
  const [head = '', tail] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}
