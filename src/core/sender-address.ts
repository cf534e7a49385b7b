/** Whom a request came from, where proxies stand in between: only those that the operator trusts are believed. */
import { canonicalAddress } from './address/ip.ts';
import { isAmong, type Networks } from './address/networks.ts';

/** What a request says of its way here. */
export interface Way {
  /** The other end of our socket; null where there is none. */
  peer: string | null;
  /** Values of `X-Forwarded-For`, in the order received. */
  forwardedFor: readonly string[];
  /** Values of `Forwarded` (RFC 7239), in the order received. */
  forwarded: readonly string[];
}

/**
 * The address of the sender: the peer, unless that is a trusted proxy; else the right-most forwarding entry that is not
 * one. Whoever stands further left may have written whatever they like. null when it cannot be told: an entry that
 * counts names no address, or the two headers contradict each other, because a proxy keeps one and passes on the other.
 */
export function senderAddress({ peer, forwardedFor, forwarded }: Way, trusted: Networks): string | null {
  const nearest = peer === null ? null : canonicalAddress(withoutZone(peer));
  if (nearest === null || !isAmong(trusted, nearest)) return nearest;
  const told = [
    ...(forwardedFor.length === 0 ? [] : [furthest(listed(forwardedFor), nearest, trusted)]),
    ...(forwarded.length === 0 ? [] : [furthest(elements(forwarded), nearest, trusted)]),
  ];
  const [first = nearest] = told;
  return told.every((address) => address === first) ? first : null;
}

/** Follows trusted hops from the right; `hops` holds null for what names no address. */
function furthest(hops: readonly (string | null)[], nearest: string, trusted: Networks): string | null {
  let address: string | null = nearest;
  for (const hop of hops.toReversed()) {
    if (!isAmong(trusted, address)) return address;
    address = hop;
  }
  return address;
}

/** A link-local address comes with the name of its interface. */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, '');
}

function listed(values: readonly string[]): (string | null)[] {
  return values.join(',').split(',').map(node);
}

const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/;
const IPV4_AND_PORT = /^([\d.]+):\d{1,5}$/;

/** An address with or without a port; IPv6 with a port, and always in `Forwarded`, stands in brackets. */
function node(text: string): string | null {
  const trimmed = text.trim();
  return canonicalAddress(BRACKETED.exec(trimmed)?.[1] ?? IPV4_AND_PORT.exec(trimmed)?.[1] ?? trimmed);
}

/**
 * One `name=value` and what ends it (RFC 7239 §4): a value in quotes may hold everything. Outside of them colons and
 * brackets are taken too, which many proxies write.
 */
const PAIR = /\s*(?:([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~:[\]-]+))\s*)?([,;]|$)/y;

/** The `for` of each element; all of it is unbelievable when the list is not well-formed. */
function elements(values: readonly string[]): (string | null)[] {
  const text = values.join(',');
  const found: (string | null)[] = [];
  let current: string[] = [];
  PAIR.lastIndex = 0;
  for (;;) {
    const [pair, name, quoted, token, end] = PAIR.exec(text) ?? [];
    if (pair === undefined) return [null];
    if (name?.toLowerCase() === 'for') current.push(quoted?.replace(/\\(.)/g, '$1') ?? token ?? '');
    if (end === ';') continue;
    found.push(current.length === 1 ? node(current[0] ?? '') : null);
    current = [];
    if (end === '') return found;
  }
}
