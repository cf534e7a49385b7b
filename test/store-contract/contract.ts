/**
 * What every store must do, in the sentences of the design's store semantics (A1, L1, …). Each adapter has an entry
 * file that calls `describeStore` with its own way of opening an empty store.
 */
import { accepting } from './accepting.ts';
import { appends } from './appends.ts';
import { batches } from './batches.ts';
import { claims } from './claims.ts';
import { configuration } from './configuration.ts';
import type { OpenStore } from './harness.ts';
import { describeChapters } from './harness.ts';
import { held } from './held.ts';
import { housekeeping } from './housekeeping.ts';
import { idempotency } from './idempotency.ts';
import { keys } from './keys.ts';
import { lanes } from './lanes.ts';
import { leases } from './leases.ts';
import { limits } from './limits.ts';
import { listing } from './listing.ts';
import { queries } from './queries.ts';
import { receiptBounds } from './receipt-bounds.ts';
import { receiptRedeliveries } from './receipt-redeliveries.ts';
import { receipts } from './receipts.ts';
import { redeliveries } from './redeliveries.ts';
import { replays } from './replays.ts';
import { revisions } from './revisions.ts';
import { rollbacks } from './rollbacks.ts';
import { settles } from './settles.ts';
import { subscriptions } from './subscriptions.ts';
import { tasks } from './tasks.ts';
import { troubled } from './troubled.ts';
import { walking } from './walking.ts';

export type { OpenStore, StoreUnderTest } from './harness.ts';

/** Declares the tests of a store that keeps things on a disk, beside those of every store: it may fail half way. */
export function describeDurableStore(name: string, open: OpenStore): void {
  describeStore(name, open);
  describeChapters(name, open, { rollbacks });
}

/** Declares every test of the contract for the store named `name`. */
export function describeStore(name: string, open: OpenStore): void {
  describeChapters(name, open, {
    appends,
    batches,
    idempotency,
    redeliveries,
    receipts,
    'receipts at the bounds': receiptBounds,
    'sent again': receiptRedeliveries,
    'played back': replays,
    revisions,
    accepting,
    held,
    configuration,
    subscriptions,
    troubled,
    keys,
    leases,
    claims,
    limits,
    settles,
    lanes,
    tasks,
    queries,
    listing,
    walking,
    housekeeping,
  });
}
