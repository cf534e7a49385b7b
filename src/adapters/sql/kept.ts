/** How long things are kept. */

/** A caller's key is kept for two days, twice what is promised (A3). */
export const CLAIM_KEPT_MS = 48 * 3_600_000;
