import { embeddedIpv4 } from './embedded.ts';
import { type Ip, ipText, isInside, networkText, readIp, readNetwork } from './ip.ts';
import { type AddressPolicy, type Endpoint, isAllowedHost } from './policy.ts';
import { rangeOf } from './ranges.ts';
import { type Refusal, refusedAddress, refusedHost, refusedOwnAddress, refusedUrl } from './refusal.ts';

/** What the gate says of one address; `address` is in its one spelling. */
export type AddressJudgement = { kind: 'allowed'; address: string } | { kind: 'refused'; refusal: Refusal };

/**
 * Judges one address given as text; what is no address is refused too (`bad_answer`, or `malformed` when alone).
 * @param endpoint the host and port that led to it, for the allow-list of hosts and the message; null for none
 */
export function judgeAddress(text: string, policy: AddressPolicy, endpoint: Endpoint | null = null): AddressJudgement {
  const ip = readIp(text);
  if (ip === null)
    return { kind: 'refused', refusal: endpoint ? refusedHost('bad_answer', endpoint) : refusedUrl('malformed') };
  const hostAllowed = endpoint !== null && isAllowedHost(endpoint, policy);
  const refusal = refusalOf(ip, { policy, endpoint, hostAllowed });
  return refusal === null ? { kind: 'allowed', address: ipText(ip) } : { kind: 'refused', refusal };
}

interface Circumstances {
  policy: AddressPolicy;
  endpoint: Endpoint | null;
  hostAllowed: boolean;
}

function refusalOf(ip: Ip, circumstances: Circumstances): Refusal | null {
  const { policy, endpoint, hostAllowed } = circumstances;
  const range = rangeOf(ip);
  const address = ipText(ip);
  if (range?.never) return refusedAddress(endpoint, address, range, networkOfOne(ip));
  if (hostAllowed || isAllowedAddress(ip, policy)) return refusalOfEmbedded(ip, circumstances);
  if (range !== null) return refusedAddress(endpoint, address, range, networkOfOne(ip));
  return policy.ownAddresses.includes(address) ? refusedOwnAddress(endpoint, address, networkOfOne(ip)) : null;
}

/** An allow-listed translation range still leads only where the IPv4 address inside may go. */
function refusalOfEmbedded(ip: Ip, circumstances: Circumstances): Refusal | null {
  for (const ipv4 of embeddedIpv4(ip)) {
    const refusal = refusalOf(ipv4, circumstances);
    if (refusal !== null) return refusal;
  }
  return null;
}

function isAllowedAddress(ip: Ip, policy: AddressPolicy): boolean {
  return policy.allowCidrs.some((cidr) => {
    const network = readNetwork(cidr);
    return network !== null && isInside(ip, network);
  });
}

function networkOfOne(ip: Ip): string {
  return networkText([ip, ip.kind() === 'ipv4' ? 32 : 128]);
}
