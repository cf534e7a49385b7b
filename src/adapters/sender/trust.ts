/** Whom connections trust: a secure context for each TLS policy, and the key under which their sockets are kept apart. */
import { createHash } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { TlsPolicy } from '../../ports.ts';
import { certificatesOf } from '../authorities.ts';

/** One TLS policy as connections need it. */
export interface Trust {
  /** Equal for equal policies only; empty for the usual one. */
  readonly key: string;
  readonly verify: boolean;
  context(): SecureContext;
}

export interface Trusts {
  of(policy: TlsPolicy): Trust;
}

/** A context with its own authorities holds all public ones too: 1.2 MiB, and 9 ms to make, for new connections only. */
const MAX_CONTEXTS = 16;

/**
 * The trusts of a sender.
 * @param authorities PEM texts of authorities trusted besides the platform's own, whatever the policy
 */
export function createTrusts(authorities: readonly string[]): Trusts {
  const common = [...getCACertificates('default'), ...authorities.flatMap(certificatesOf)];
  const usual = createSecureContext({ ca: common });
  const usually: Trust = { key: '', verify: true, context: () => usual };
  const unverified: Trust = { key: 'unverified', verify: false, context: () => usual };
  /** Policies live as long as their configurations. */
  const known = new WeakMap<TlsPolicy, Trust>();
  /** The last one was used last. */
  const contexts = new Map<string, SecureContext>();

  function contextOf(key: string, ca: string): SecureContext {
    // Whoever names an intermediate, or the receiver's own certificate, means to trust just that.
    const context =
      contexts.get(key) ??
      createSecureContext({ ca: [...common, ...certificatesOf(ca)], allowPartialTrustChain: true });
    contexts.delete(key);
    contexts.set(key, context);
    const [oldest] = contexts.size > MAX_CONTEXTS ? contexts.keys() : [];
    if (oldest !== undefined) contexts.delete(oldest);
    return context;
  }

  function trusting(ca: string): Trust {
    const key = createHash('sha256').update(ca).digest('base64');
    return { key, verify: true, context: () => contextOf(key, ca) };
  }

  return {
    of(policy) {
      if (!policy.verify) return unverified;
      const { ca } = policy;
      if (ca === null) return usually;
      const trust = known.get(policy) ?? trusting(ca);
      known.set(policy, trust);
      return trust;
    },
  };
}
