import { type Ip, ipText, ipv4Of, ipv6Parts, isInside, type Network, readNetwork } from './ip.ts';
import { isIsatap } from './ranges.ts';

type Parts = readonly number[];

interface Form {
  within: (ip: Ip, parts: Parts) => boolean;
  /** The two 16-bit halves of the IPv4 address. */
  halves: (parts: Parts) => readonly [number, number];
}

const part = (parts: Parts, index: number): number => parts[index] ?? 0;
const last = (parts: Parts) => [part(parts, 6), part(parts, 7)] as const;

/** Every way IPv6 carries an IPv4 address, but the mapped one, which never stays IPv6. */
const FORMS: readonly Form[] = [
  { within: inNetwork('::/96'), halves: last },
  { within: inNetwork('::ffff:0:0:0/96'), halves: last },
  { within: inNetwork('64:ff9b::/96'), halves: last },
  // RFC 6052 §2.2: a /48 prefix puts 16 bits before the zero octet and 16 behind; a longer prefix ends in the address.
  { within: inNetwork('64:ff9b:1::/48'), halves: (parts) => [part(parts, 3), aroundOctet(parts)] },
  { within: inNetwork('64:ff9b:1::/48'), halves: last },
  { within: inNetwork('2002::/16'), halves: (parts) => [part(parts, 1), part(parts, 2)] },
  // RFC 4380 §4: the client's address is stored with every bit inverted.
  { within: inNetwork('2001::/32'), halves: (parts) => [part(parts, 6) ^ 0xffff, part(parts, 7) ^ 0xffff] },
  { within: (_ip, parts) => isIsatap(parts), halves: last },
];

function inNetwork(cidr: string): Form['within'] {
  const network: Network | null = readNetwork(cidr);
  return (ip) => network !== null && isInside(ip, network);
}

function aroundOctet(parts: Parts): number {
  return ((part(parts, 4) & 0xff) << 8) | (part(parts, 5) >> 8);
}

/** The IPv4 addresses a gateway may take out of this IPv6 address; all zeros means the form is not in use. */
export function embeddedIpv4(ip: Ip): readonly Ip[] {
  const parts = ipv6Parts(ip);
  if (parts === null) return [];
  return FORMS.filter((form) => form.within(ip, parts))
    .map((form) => ipv4Of(...form.halves(parts)))
    .filter((ipv4) => ipText(ipv4) !== '0.0.0.0');
}
