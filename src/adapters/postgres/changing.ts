/** What a change of configuration works with, inside its transaction. */
import type { Id } from '../../core/ids.ts';
import type { Session } from './database.ts';

export interface Changing {
  session: Session;
  tenant: Id;
  /** Engine time of the change. */
  nowMs: number;
  shards: number;
}
