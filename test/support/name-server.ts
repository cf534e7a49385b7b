/** A name server on this machine, and the way to make a process ask it: real DNS packets, no network. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Name → its IPv4 addresses. Every other name does not exist. */
export type Zone = Readonly<Record<string, readonly string[]>>;

export interface NameServer {
  /** `address:port`. */
  address: string;
  /** Variables that make a Node process resolve names here. */
  env: Readonly<Record<string, string>>;
  close(): void;
}

const A = 1;
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

/** RFC 1035 §4.1: header and question as they came, then a record for each address that points at the question's name. */
function reply(query: Buffer, zone: Zone): Buffer {
  const nameEnd = query.indexOf(0, HEADER_BYTES);
  const labels: string[] = [];
  for (let at = HEADER_BYTES; at < nameEnd; at += 1 + query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query.readUInt8(at)));
  }
  const addresses = zone[labels.join('.').toLowerCase()];
  const records = query.readUInt16BE(nameEnd + 1) === A ? (addresses ?? []) : [];
  const head = Buffer.from(query.subarray(0, nameEnd + 1 + TYPE_AND_CLASS_BYTES));
  head.writeUInt16BE(0x8180 | (addresses === undefined ? NAME_ERROR : 0), 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  const sections = records.map((ip) =>
    Buffer.from([0xc0, HEADER_BYTES, 0, A, 0, 1, 0, 0, 0, 60, 0, 4, ...ip.split('.').map(Number)]),
  );
  return Buffer.concat([head, ...sections]);
}
