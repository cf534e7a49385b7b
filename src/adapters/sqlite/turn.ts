/** What an operation of the writer works with during one turn, that is, inside one transaction. */
import type { Id } from '../../core/ids.ts';
import { blob } from '../sql/id-bytes.ts';
import type { Database } from './database.ts';

export interface Writer {
  db: Database;
  /** Engine time of this turn. */
  nowMs: number;
  shards: number;
  /** True when the operation may have been committed before and its answer lost with the thread. */
  repeated: boolean;
  /** What the writer, being the only one, knows without asking; forgotten when a turn is rolled back. */
  known: Known;
}

export interface Known {
  configVersions: Map<Id, number>;
  /** False when the table of intents is certainly empty. */
  intents: boolean;
  /** The next position to give in a lane, and the first one that is not reserved. */
  nextPos: number;
  endPos: number;
}

export function nothingKnown(): Known {
  return { configVersions: new Map(), intents: true, nextPos: 0, endPos: 0 };
}

/** A tenant's configuration version; 0 before its first change. */
export function configVersion(writer: Writer, tenant: Id): number {
  const { configVersions } = writer.known;
  let version = configVersions.get(tenant);
  if (version === undefined) {
    version = writer.db.get<{ version: number }>('config_version', blob(tenant))?.version ?? 0;
    configVersions.set(tenant, version);
  }
  return version;
}
