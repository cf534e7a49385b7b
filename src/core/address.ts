/**
 * Where a request may go: the judgement of the address gate, free of any lookup. One set of rules for create, update,
 * test, delivery and every other request the server makes on somebody's behalf.
 */
import { BAD_PORTS } from './address/bad-ports.ts';
import { readIp } from './address/ip.ts';
import { judgeAddress } from './address/judge.ts';
import { judgeName } from './address/name.ts';
import { type AddressPolicy, bracketed, isAllowedHost } from './address/policy.ts';
import { MAX_URL_CHARACTERS, type Refusal, refusedHost, refusedScheme, refusedUrl } from './address/refusal.ts';

export { type AllowList, parseAllowCidrs, parseAllowHosts } from './address/allow-list.ts';
export { canonicalAddress } from './address/ip.ts';
export { type AddressJudgement, judgeAddress } from './address/judge.ts';
export { isAmong, type Networks, type NetworksRead, readNetworks } from './address/networks.ts';
export { type AddressPolicy, type Endpoint, isAllowedHost } from './address/policy.ts';
export type { AddressRange } from './address/ranges.ts';
export { MAX_URL_CHARACTERS, type Refusal, type RefusalRule } from './address/refusal.ts';

/** A URL that passed every rule that needs no lookup. */
export interface Target {
  /** The parsed URL with the normalised host and without its fragment, which is never sent. */
  href: string;
  protocol: 'https:' | 'http:';
  /** Lower case, without brackets, one trailing dot stripped. */
  host: string;
  port: number;
  /** The value for `Host`: brackets for IPv6, the port unless it is the scheme's own. */
  hostHeader: string;
  /** True when the host is an address and nothing is to be looked up. */
  literal: boolean;
  /** Path and query. */
  path: string;
  origin: string;
}

/** A target with the addresses it may be reached at. */
export interface CheckedTarget extends Target {
  /** All allowed, in the resolver's order, each once; IPv4-mapped addresses stand as their IPv4. */
  addresses: readonly string[];
}

type Parsed = { kind: 'target'; target: Target } | { kind: 'refused'; refusal: Refusal };
type Judged = { kind: 'allowed'; target: CheckedTarget } | { kind: 'refused'; refusal: Refusal };

/** Parses a URL once and judges all that needs no lookup: length, scheme, user info, port, name, literal address. */
export function parseTarget(url: string, policy: AddressPolicy): Parsed {
  if (url.length > MAX_URL_CHARACTERS) return refused(refusedUrl('too_long'));
  const parsed = URL.parse(url);
  if (parsed === null) return refused(refusedUrl('malformed'));
  const { protocol } = parsed;
  if (protocol !== 'https:' && protocol !== 'http:') return refused(refusedScheme());
  if (parsed.username !== '' || parsed.password !== '') return refused(refusedUrl('userinfo'));
  const target = targetOf(parsed, protocol);
  const refusal = refusalOfTarget(target, policy);
  return refusal === null ? { kind: 'target', target } : refused(refusal);
}

/** Judges what DNS answered for a target: one address that is not allowed refuses them all. */
export function judgeAnswers(target: Target, addresses: readonly string[], policy: AddressPolicy): Judged {
  const allowed = new Set<string>();
  for (const text of addresses) {
    const judgement = judgeAddress(text, policy, target);
    if (judgement.kind === 'refused') return judgement;
    allowed.add(judgement.address);
  }
  if (allowed.size === 0) return refused(refusedHost('empty_answer', target));
  return { kind: 'allowed', target: { ...target, addresses: [...allowed] } };
}

function targetOf(parsed: URL, protocol: Target['protocol']): Target {
  const host = parsed.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const authority = bracketed(host) + (parsed.port === '' ? '' : `:${parsed.port}`);
  const path = parsed.pathname + parsed.search;
  const origin = `${protocol}//${authority}`;
  return {
    href: origin + path,
    protocol,
    host,
    port: parsed.port === '' ? defaultPort(protocol) : Number(parsed.port),
    hostHeader: authority,
    literal: readIp(host) !== null,
    path,
    origin,
  };
}

function defaultPort(protocol: Target['protocol']): number {
  return protocol === 'https:' ? 443 : 80;
}

function refusalOfTarget(target: Target, policy: AddressPolicy): Refusal | null {
  const allowed = isAllowedHost(target, policy);
  if (target.protocol === 'http:' && !policy.allowHttp && !allowed) return refusedHost('http', target);
  if (BAD_PORTS.has(target.port)) return refusedHost('port', target);
  if (!target.literal) return judgeName(target, allowed, policy.ownNames);
  const judgement = judgeAddress(target.host, policy, target);
  return judgement.kind === 'refused' ? judgement.refusal : null;
}

function refused(refusal: Refusal): { kind: 'refused'; refusal: Refusal } {
  return { kind: 'refused', refusal };
}
