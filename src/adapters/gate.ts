import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type AddressPolicy,
  canonicalAddress,
  isAllowedHost,
  judgeAnswers,
  parseTarget,
  type Target,
} from '../core/address.ts';
import type { Gate, Resolver, Vetted } from '../ports.ts';

type Resolved = Awaited<ReturnType<Resolver['resolve']>>;

interface GateParts {
  resolver: Resolver;
  policy: AddressPolicy;
  /** How the machine itself resolves names, for hosts on the allow-list; replaced in tests. */
  system?: Resolver;
}

/**
 * The address gate: parses, looks up, judges. Lookups of one name under way at the same time are one lookup; nothing
 * is remembered after it here; the sender believes a verdict for 5 s, on sockets pinned to what was judged.
 *
 * Hosts on the allow-list may also stand in the machine's hosts file or search domains: a name without a dot, and
 * `*.localhost`, is asked of the machine only; any other when DNS has no address for it. No other name ever gets there.
 */
export function createGate({ resolver, policy, system = systemResolver }: GateParts): Gate {
  const underWay = new Map<string, Promise<Resolved>>();

  const find = async (target: Target, timeoutMs: number): Promise<Resolved> => {
    if (!isAllowedHost(target, policy)) return resolver.resolve(target.host, timeoutMs);
    if (isMachineName(target.host)) return system.resolve(target.host, timeoutMs);
    const startedMs = performance.now();
    const resolved = await resolver.resolve(target.host, timeoutMs);
    const leftMs = timeoutMs - (performance.now() - startedMs);
    return resolved.kind === 'answers' || leftMs <= 0 ? resolved : system.resolve(target.host, leftMs);
  };

  const findOnce = (target: Target, timeoutMs: number): Promise<Resolved> => {
    // The allow-list decides by host and port, and a caller's time must not depend on another's.
    const key = `${target.host} ${target.port} ${timeoutMs}`;
    const known = underWay.get(key);
    if (known) return known;
    const found = find(target, timeoutMs).finally(() => underWay.delete(key));
    underWay.set(key, found);
    return found;
  };

  return {
    async vet(url, timeoutMs): Promise<Vetted> {
      const parsed = parseTarget(url, policy);
      if (parsed.kind === 'refused') return parsed;
      const { target } = parsed;
      if (target.literal) return judgeAnswers(target, [target.host], policy);
      const resolved = await findOnce(target, timeoutMs);
      if (resolved.kind === 'answers') return judgeAnswers(target, resolved.addresses, policy);
      const unresolved = { kind: 'unresolved', host: target.host, failure: resolved.failure } as const;
      return isAllowedHost(target, policy) ? { ...unresolved, allowListed: true } : unresolved;
    },
  };
}

/** The addresses of all interfaces of this machine, without zones, in the spelling that `AddressPolicy` wants. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const spelled = all.map(({ address }) => canonicalAddress(address.replace(/%.*$/, '')));
  return [...new Set(spelled.filter((address) => address !== null))];
}

function isMachineName(host: string): boolean {
  return !host.includes('.') || host.endsWith('.localhost');
}

/** `getaddrinfo` with a deadline. It blocks a thread of the pool until it ends, so only named hosts may use it. */
const systemResolver: Resolver = {
  async resolve(host, timeoutMs) {
    const given = new AbortController();
    try {
      return await Promise.race([askSystem(host), wait(timeoutMs, TOO_LATE, { signal: given.signal })]);
    } finally {
      given.abort();
    }
  },
};

const TOO_LATE: Resolved = { kind: 'failed', failure: 'timeout' };

async function askSystem(host: string): Promise<Resolved> {
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' });
    return { kind: 'answers', addresses: found.map(({ address }) => address) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return { kind: 'failed', failure: code === 'ENOTFOUND' ? 'not_found' : 'timeout' };
  }
}
