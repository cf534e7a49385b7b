import ipaddr from 'ipaddr.js';

/** A parsed address; an IPv4-mapped IPv6 address (`::ffff:a.b.c.d`, RFC 4291 §2.5.5.2) is held as its IPv4. */
export type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/** A network and the length of its prefix in bits. */
export type Network = readonly [Ip, number];

const DOTTED_DECIMAL = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const HEX_AND_COLONS = /^[0-9a-fA-F:]+$/;
const MAPPED_BITS = 96;

/**
 * Reads four decimal parts or IPv6. Null for everything else: octal, hex and short IPv4 forms, brackets, zones (`%`).
 * (Such spellings in a URL are already plain when the URL parser hands the host over.)
 */
export function readIp(text: string): Ip | null {
  if (DOTTED_DECIMAL.test(text)) return ipaddr.IPv4.isValid(text) ? ipaddr.IPv4.parse(text) : null;
  const hex = dottedTailAsHex(text);
  if (!HEX_AND_COLONS.test(hex) || !ipaddr.IPv6.isValid(hex)) return null;
  const parsed = ipaddr.IPv6.parse(hex);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed;
}

/** ipaddr.js takes `::a.b.c.d` (compatible) for `::ffff:a.b.c.d` (mapped), so it never sees a dotted tail. */
function dottedTailAsHex(text: string): string {
  const tailAt = text.lastIndexOf(':') + 1;
  const tail = text.slice(tailAt);
  if (tailAt === 0 || !DOTTED_DECIMAL.test(tail) || !ipaddr.IPv4.isValid(tail)) return text;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(tail).octets;
  return `${text.slice(0, tailAt)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

/** The one spelling of an address: dotted decimal, or RFC 5952 for IPv6. */
export function ipText(ip: Ip): string {
  return ip.toString();
}

/** The one spelling of an address in text; null when it is none. */
export function canonicalAddress(text: string): string | null {
  const ip = readIp(text);
  return ip === null ? null : ipText(ip);
}

/** The eight 16-bit parts of an IPv6 address; null for IPv4. */
export function ipv6Parts(ip: Ip): readonly number[] | null {
  return 'parts' in ip ? ip.parts : null;
}

/**
 * Reads `address/prefix`, or an address alone as a network of one. A network inside `::ffff:0:0/96` becomes its IPv4
 * network. Null when malformed.
 */
export function readNetwork(text: string): Network | null {
  const [address = '', prefix, ...rest] = text.split('/');
  const ip = readIp(address);
  if (ip === null || rest.length > 0) return null;
  const maxBits = ip.kind() === 'ipv4' ? 32 : 128;
  if (prefix === undefined) return [ip, maxBits];
  if (!/^\d{1,3}$/.test(prefix)) return null;
  const mappedBits = ip.kind() === 'ipv4' && address.includes(':') ? MAPPED_BITS : 0;
  const bits = Number(prefix) - mappedBits;
  return bits >= 0 && bits <= maxBits ? [ip, bits] : null;
}

/** `address/prefix` with every bit behind the prefix zero. */
export function networkText([ip, bits]: Network): string {
  const bytes = ip.toByteArray().map((byte, index) => byte & maskOf(bits - index * 8));
  return `${ipText(ipaddr.fromByteArray(bytes))}/${bits}`;
}

function maskOf(bitsLeft: number): number {
  const ones = Math.max(0, Math.min(8, bitsLeft));
  return (0xff << (8 - ones)) & 0xff;
}

/** Whether the address lies in the network; never across families. */
export function isInside(ip: Ip, [network, bits]: Network): boolean {
  return ip.kind() === network.kind() && ip.match([network, bits]);
}

/** The IPv4 address made of two 16-bit halves. */
export function ipv4Of(high: number, low: number): Ip {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
}
