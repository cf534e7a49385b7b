/** Which sources are rejecting now, by the receipts that are kept. */
import type { Id } from '../core/ids.ts';
import { endsRejecting, REJECTING_AFTER, type Rejecting, rejectingOf, type SourceName } from '../core/rejecting.ts';
import type { Ports, StoredReceipt } from '../ports.ts';
import type { OpenSource } from './sources.ts';

type RejectingPorts = Pick<Ports, 'store'>;

/** What is read at once of a row that is long enough already. */
const PAGE_ROWS = 200;

/**
 * The row of rejected requests that a source is in the middle of; null without one. Where the latest few hold a proved
 * one, which is the rule, nothing further is read.
 */
export async function findRejecting({ store }: RejectingPorts, tenant: Id, sourceId: Id): Promise<Rejecting | null> {
  const found: StoredReceipt['receipt'][] = [];
  let limit = REJECTING_AFTER;
  for (;;) {
    const before = found.at(-1)?.id;
    const query = { tenant, sourceId, limit, maxBodyBytes: 0, ...(before === undefined ? {} : { before }) };
    const page = await store.receipts(query);
    found.push(...page.map(({ receipt }) => receipt));
    if (page.length < limit || page.some(({ receipt }) => endsRejecting(receipt))) return rejectingOf(found);
    limit = PAGE_ROWS;
  }
}

/** Sources that are asked about at once. */
const AT_ONCE = 8;

/** Those of `sources` that are rejecting, in no order. */
export async function findAllRejecting(
  ports: RejectingPorts,
  sources: Iterable<OpenSource>,
): Promise<{ source: OpenSource; row: Rejecting }[]> {
  const found: { source: OpenSource; row: Rejecting }[] = [];
  // Shared by all of them: each takes the next one that nobody has asked about.
  const left = Iterator.from(sources);
  async function askOn(): Promise<void> {
    for (const source of left) {
      const row = await findRejecting(ports, source.tenant, source.id);
      if (row !== null) found.push({ source, row });
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askOn));
  return found;
}

/** What a source is called in news and warnings. */
export function sourceNameOf({ id, config: { name, type } }: OpenSource): SourceName {
  return { id, name, type };
}
