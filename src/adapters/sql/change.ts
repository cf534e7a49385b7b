/** A change to one object of the configuration. */
import type { ConfigChange } from '../../ports/store.ts';

/** What came of a change to one object: its version now, or why it was not made. */
export type Changed =
  | { kind: 'done'; version: number }
  | { kind: 'missing' }
  | { kind: 'conflict'; version: number }
  | { kind: 'holding'; count: number };

/** A change of one tenant's object. */
export type ChangeOf<Kind extends ConfigChange['kind']> = Extract<ConfigChange, { kind: Kind }>;

/** Whether an object may be deleted: null to go on. */
export function deletionRefusal(asked: number | undefined, current: number | null): Changed | null {
  return versionRefusal(asked ?? current ?? 0, null, current);
}

/** Whether an object may be made or changed: null to go on. */
export function versionRefusal(asked: number | null, taken: number | null, current: number | null): Changed | null {
  if (asked === null) return taken === null ? null : { kind: 'conflict', version: taken };
  if (current === null) return { kind: 'missing' };
  return current === asked ? null : { kind: 'conflict', version: current };
}
