import { Resolver as DnsResolver } from 'node:dns/promises';
import type { ResolveFailure, Resolver } from '../ports.ts';

/** How long a family may lag behind the other's answer. Some name servers never answer AAAA. */
const LAG_MS = 1000;
/** One query to one server, before the next server or try. */
const TRY_MS = 2000;
const TRIES = 3;

/** What DNS says of a name when it says that there is nothing, or that no name can be like this (RFC 1035). */
const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'EBADNAME']);

type Family =
  | { kind: 'records'; addresses: readonly string[] }
  | { kind: 'none' }
  | { kind: 'no_name' }
  | { kind: 'broken' };
type Resolved = Awaited<ReturnType<Resolver['resolve']>>;

/**
 * Looks names up in DNS alone: no hosts file, no search domains, and never in the thread pool, where four dead names
 * would hold up every other. A and AAAA are asked together.
 *
 * One family with records is enough: the other is waited for `lagMs` and then left out, since only addresses that
 * were judged are ever connected to. Without records, a name that does not exist, or has neither kind of record, is
 * `not_found`; all that is slow or broken (no answer, SERVFAIL, REFUSED) is `timeout`.
 * @param options.servers `address` or `address:port`; default: those of the machine
 * @param options.lagMs default 1000
 */
export function createResolver(options: { servers?: readonly string[]; lagMs?: number } = {}): Resolver {
  const { servers, lagMs = LAG_MS } = options;
  return {
    async resolve(host, timeoutMs) {
      // A resolver of its own for each lookup, so that giving up on one cancels no other.
      const dns = new DnsResolver({ timeout: Math.max(1, Math.min(TRY_MS, Math.ceil(timeoutMs))), tries: TRIES });
      if (servers) dns.setServers(servers);
      const timers = [setTimeout(() => dns.cancel(), timeoutMs)];
      const ask = async (answer: Promise<string[]>): Promise<Family> => {
        const family = await familyOf(answer);
        if (family.kind === 'records') timers.push(setTimeout(() => dns.cancel(), lagMs));
        return family;
      };
      const families = await Promise.all([ask(dns.resolve4(host)), ask(dns.resolve6(host))]);
      timers.forEach(clearTimeout);
      return combine(families);
    },
  };
}

async function familyOf(answer: Promise<string[]>): Promise<Family> {
  try {
    const addresses = await answer;
    return addresses.length > 0 ? { kind: 'records', addresses } : { kind: 'none' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENODATA') return { kind: 'none' };
    return { kind: NO_SUCH_NAME.has(code) ? 'no_name' : 'broken' };
  }
}

function combine(families: readonly Family[]): Resolved {
  const addresses = families.flatMap((family) => (family.kind === 'records' ? family.addresses : []));
  if (addresses.length > 0) return { kind: 'answers', addresses };
  return { kind: 'failed', failure: failureOf(families) };
}

function failureOf(families: readonly Family[]): ResolveFailure {
  if (families.some((family) => family.kind === 'no_name')) return 'not_found';
  return families.every((family) => family.kind === 'none') ? 'not_found' : 'timeout';
}
