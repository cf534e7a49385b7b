import { type Ip, ipv6Parts, isInside, type Network, readNetwork } from './ip.ts';

/** A range of addresses that no receiver on the public internet has. */
export interface AddressRange {
  cidr: string;
  /** Its name in the IANA special-purpose registries, or what a cloud uses it for. */
  name: string;
  /** The document that set it apart. */
  rfc: string;
  /** True where no allow-list reaches: metadata services and link-local. */
  never?: true;
}

/** IPv4, the narrow before the wide: the first that fits names the address. */
export const IPV4_RANGES: readonly AddressRange[] = [
  { cidr: '168.63.129.16/32', name: 'Azure WireServer', rfc: 'Azure virtual network', never: true },
  { cidr: '100.100.100.200/32', name: 'Alibaba Cloud metadata', rfc: 'Alibaba ECS', never: true },
  { cidr: '192.0.0.192/32', name: 'Oracle Cloud classic metadata', rfc: 'Oracle Compute Classic', never: true },
  { cidr: '169.254.0.0/16', name: 'Link-Local and cloud metadata', rfc: 'RFC 3927', never: true },
  { cidr: '0.0.0.0/8', name: 'This network', rfc: 'RFC 791' },
  { cidr: '10.0.0.0/8', name: 'Private-Use', rfc: 'RFC 1918' },
  { cidr: '100.64.0.0/10', name: 'Shared Address Space', rfc: 'RFC 6598' },
  { cidr: '127.0.0.0/8', name: 'Loopback', rfc: 'RFC 1122' },
  { cidr: '172.16.0.0/12', name: 'Private-Use', rfc: 'RFC 1918' },
  { cidr: '192.0.0.0/24', name: 'IETF Protocol Assignments', rfc: 'RFC 6890' },
  { cidr: '192.0.2.0/24', name: 'Documentation (TEST-NET-1)', rfc: 'RFC 5737' },
  { cidr: '192.31.196.0/24', name: 'AS112-v4', rfc: 'RFC 7535' },
  { cidr: '192.52.193.0/24', name: 'AMT', rfc: 'RFC 7450' },
  { cidr: '192.88.99.0/24', name: 'Deprecated (6to4 Relay Anycast)', rfc: 'RFC 7526' },
  { cidr: '192.168.0.0/16', name: 'Private-Use', rfc: 'RFC 1918' },
  { cidr: '192.175.48.0/24', name: 'Direct Delegation AS112 Service', rfc: 'RFC 7534' },
  { cidr: '198.18.0.0/15', name: 'Benchmarking', rfc: 'RFC 2544' },
  { cidr: '198.51.100.0/24', name: 'Documentation (TEST-NET-2)', rfc: 'RFC 5737' },
  { cidr: '203.0.113.0/24', name: 'Documentation (TEST-NET-3)', rfc: 'RFC 5737' },
  { cidr: '224.0.0.0/4', name: 'Multicast', rfc: 'RFC 5771' },
  { cidr: '240.0.0.0/4', name: 'Reserved and broadcast', rfc: 'RFC 1112' },
];

/** IPv6, the narrow before the wide. What is left outside 2000::/3 is `NOT_GLOBAL`. */
export const IPV6_RANGES: readonly AddressRange[] = [
  { cidr: 'fd00:ec2::/32', name: 'AWS metadata and local services', rfc: 'Amazon EC2', never: true },
  { cidr: 'fd20:ce::254/128', name: 'Google Cloud metadata', rfc: 'Google Compute Engine', never: true },
  { cidr: 'fd00:42::42/128', name: 'Scaleway metadata', rfc: 'Scaleway Instances', never: true },
  { cidr: 'fe80::/10', name: 'Link-Local Unicast', rfc: 'RFC 4291', never: true },
  { cidr: '::/128', name: 'Unspecified Address', rfc: 'RFC 4291' },
  { cidr: '::1/128', name: 'Loopback Address', rfc: 'RFC 4291' },
  { cidr: '::/96', name: 'IPv4-compatible (deprecated)', rfc: 'RFC 4291' },
  { cidr: '::ffff:0:0:0/96', name: 'IPv4-translated (SIIT)', rfc: 'RFC 2765' },
  { cidr: '64:ff9b::/96', name: 'IPv4-IPv6 Translation (NAT64)', rfc: 'RFC 6052' },
  { cidr: '64:ff9b:1::/48', name: 'IPv4-IPv6 Translation (local NAT64)', rfc: 'RFC 8215' },
  { cidr: '100::/64', name: 'Discard-Only Address Block', rfc: 'RFC 6666' },
  { cidr: '100:0:0:1::/64', name: 'Dummy IPv6 Prefix', rfc: 'RFC 9780' },
  { cidr: '2001::/32', name: 'TEREDO', rfc: 'RFC 4380' },
  { cidr: '2001:2::/48', name: 'Benchmarking', rfc: 'RFC 5180' },
  { cidr: '2001:3::/32', name: 'AMT', rfc: 'RFC 7450' },
  { cidr: '2001:4:112::/48', name: 'AS112-v6', rfc: 'RFC 7535' },
  { cidr: '2001:10::/28', name: 'Deprecated (ORCHID)', rfc: 'RFC 4843' },
  { cidr: '2001:20::/28', name: 'ORCHIDv2', rfc: 'RFC 7343' },
  { cidr: '2001:30::/28', name: 'Drone Remote ID', rfc: 'RFC 9374' },
  { cidr: '2001::/23', name: 'IETF Protocol Assignments', rfc: 'RFC 2928' },
  { cidr: '2001:db8::/32', name: 'Documentation', rfc: 'RFC 3849' },
  { cidr: '2002::/16', name: '6to4', rfc: 'RFC 3056' },
  { cidr: '2620:4f:8000::/48', name: 'Direct Delegation AS112 Service', rfc: 'RFC 7534' },
  { cidr: '3fff::/20', name: 'Documentation', rfc: 'RFC 9637' },
  { cidr: '5f00::/16', name: 'Segment Routing (SRv6) SIDs', rfc: 'RFC 9602' },
  { cidr: 'fc00::/7', name: 'Unique-Local', rfc: 'RFC 4193' },
  { cidr: 'fec0::/10', name: 'Site-Local (deprecated)', rfc: 'RFC 3879' },
  { cidr: 'ff00::/8', name: 'Multicast', rfc: 'RFC 4291' },
];

/** Any prefix with the interface identifier of ISATAP. */
export const ISATAP: AddressRange = { cidr: '::5efe:0:0/96 behind any prefix', name: 'ISATAP', rfc: 'RFC 5214' };

/** IANA hands out global unicast addresses from 2000::/3 only. */
const NOT_GLOBAL: AddressRange = {
  cidr: '::/0 outside 2000::/3',
  name: 'Not Global Unicast',
  rfc: 'RFC 4291',
};

interface Row {
  range: AddressRange;
  network: Network;
}

const ROWS: readonly Row[] = [...IPV4_RANGES, ...IPV6_RANGES].map((range) => ({ range, network: network(range.cidr) }));
const GLOBAL_UNICAST = network('2000::/3');

function network(cidr: string): Network {
  const read = readNetwork(cidr);
  if (read === null) throw new Error(`the table of ranges holds a malformed network: ${cidr}`);
  return read;
}

/** The special-purpose range an address is in; null for an address of the public internet. */
export function rangeOf(ip: Ip): AddressRange | null {
  const row = ROWS.find((candidate) => isInside(ip, candidate.network));
  if (row !== undefined) return row.range;
  const parts = ipv6Parts(ip);
  if (parts === null) return null;
  if (isIsatap(parts)) return ISATAP;
  return isInside(ip, GLOBAL_UNICAST) ? null : NOT_GLOBAL;
}

/** RFC 5214 §6.1: 0000:5efe or, with the universal bit, 0200:5efe before the IPv4 address. */
export function isIsatap(parts: readonly number[]): boolean {
  return ((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe;
}
