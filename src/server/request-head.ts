/** What is wrong with a request before anybody looks at what it asks for (RFC 9112 §3.2). */
import { problem } from '../core/problem.ts';
import { isProbe } from './load.ts';
import type { Refusal } from './respond.ts';

const HOST = 'host';
/** RFC 3986 §3.2: a name, an IPv4 address or an IPv6 address in brackets, and a port. */
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*)(?::\d{0,5})?$/i;

/** As `node:http` has it. */
interface RequestHead {
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  readonly url?: string | undefined;
}

/**
 * Why a request cannot be answered; null for one that can. Without `Host` HTTP/1.0 is answered, and so are probes: a
 * supervisor writes as little as it can.
 */
export function headRefusal({ rawHeaders, httpVersion, url = '' }: RequestHead): Refusal | null {
  const [host, ...more] = hostsOf(rawHeaders);
  if (more.length > 0) return malformed('It has more than one `Host` header.');
  if (host === undefined || host === '') {
    const mayLack = httpVersion === '1.0' || isProbe(url);
    return mayLack ? null : malformed('It has no `Host` header.');
  }
  return isAuthority(host) ? null : malformed('Its `Host` header is not the name of a host, with or without a port.');
}

function hostsOf(rawHeaders: readonly string[]): string[] {
  const hosts: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === HOST.length && name.toLowerCase() === HOST) hosts.push(rawHeaders[at + 1] ?? '');
  }
  return hosts;
}

function isAuthority(host: string): boolean {
  // A port may be too large, and a name of digits, which is an address to URLs, none.
  return AUTHORITY.test(host) && URL.canParse(`http://${host}/`);
}

/** The refusal of a request that is not made as HTTP wants it. */
export function malformed(detail: string): Refusal {
  return problem('malformed_request', { detail });
}

/** RFC 9110 §10.1.1: there is nothing to expect but `100-continue`. */
export const UNEXPECTED: Refusal = { ...malformed('Only `Expect: 100-continue` can be met.'), status: 417 };
