/** Configuration as the store keeps it: rows with sealed contents, and changes that bump its version. */
import type { Health } from '../core/health.ts';
import type { Id } from '../core/ids.ts';
import type { DisabledReason, Pause, SubscriptionState } from '../core/subscription.ts';
import type { IdempotencyClaim, Refused } from './appends.ts';

export interface SubscriptionRow {
  id: Id;
  tenant: Id;
  version: number;
  state: SubscriptionState;
  pauses: readonly Pause[];
  createdAtMs: number;
  updatedAtMs: number;
  createdBy: Id | null;
  /** Sealed configuration of `version`. */
  config: Uint8Array;
  health: Health;
}

export interface SourceRow {
  id: Id;
  tenant: Id;
  version: number;
  enabled: boolean;
  /** Digest of the key in the secret URL, where the source has one. */
  urlKeyHash: Uint8Array | null;
  createdAtMs: number;
  updatedAtMs: number;
  createdBy: Id | null;
  config: Uint8Array;
}

export type Role = 'admin' | 'operator' | 'viewer' | 'publisher';

export interface KeyRow {
  id: Id;
  tenant: Id;
  name: string;
  role: Role;
  /** The first characters of the key, for people to tell keys apart. */
  prefix: string;
  hash: Uint8Array;
  createdAtMs: number;
  expiresAtMs: number | null;
  lastUsedAtMs: number | null;
  revokedAtMs: number | null;
}

/**
 * Every change of configuration; each bumps the tenant's configuration version in its own transaction. `atMs` is when
 * the change was made, where the caller has said so in an answer that is kept with it; the engine's clock says when not.
 */
export type ConfigChange =
  | {
      kind: 'put_subscription';
      id: Id;
      config: Uint8Array;
      createdBy: Id | null;
      /** null makes it; a number changes exactly that version. */
      version: number | null;
      /** The state to be in afterwards; left as it is when undefined. */
      state?: StateChange;
      atMs?: number;
    }
  /** `version`: deletes exactly that one; whichever stands when absent. */
  | { kind: 'delete_subscription'; id: Id; taskId: Id; version?: number }
  | {
      kind: 'put_source';
      id: Id;
      config: Uint8Array;
      createdBy: Id | null;
      enabled: boolean;
      urlKeyHash: Uint8Array | null;
      version: number | null;
      /** Makes a task of kind `release` of this id with the change. */
      releaseTaskId?: Id;
      atMs?: number;
    }
  /** `unlessHolding`: not while receipts of it are held, and none comes to be held meanwhile. */
  | { kind: 'delete_source'; id: Id; version?: number; unlessHolding?: true }
  | { kind: 'put_key'; key: Omit<KeyRow, 'tenant' | 'createdAtMs' | 'lastUsedAtMs' | 'revokedAtMs'>; atMs?: number }
  | { kind: 'revoke_key'; id: Id };

export type StateChange = { to: 'active' } | { to: 'paused' } | { to: 'disabled'; reason: DisabledReason };

export interface ConfigureRequest {
  tenant: Id;
  change: ConfigChange;
  claims: readonly IdempotencyClaim[];
}

export type ConfigureOutcome =
  /** `version` is that of the object changed. */
  | { kind: 'changed'; configVersion: number; version: number; atMs: number }
  | { kind: 'missing' }
  /** Another version than the one named stands in the store. */
  | { kind: 'conflict'; version: number }
  /** The source holds so many receipts. */
  | { kind: 'holding'; count: number }
  | Exclude<Refused, { kind: 'stale' }>;

/** All of a tenant's configuration at one version. */
export interface Configuration {
  version: number;
  subscriptions: readonly SubscriptionRow[];
  sources: readonly SourceRow[];
}
