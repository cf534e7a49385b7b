import type { ConfigChange } from '../../ports/store.ts';

/** One kind of change of configuration. */
export type Change<K extends ConfigChange['kind']> = Extract<ConfigChange, { kind: K }>;

/** What became of one object; `version` is its version afterwards, or the one in the way. */
export type Changed =
  | { kind: 'changed'; version: number }
  | { kind: 'missing' }
  | { kind: 'conflict'; version: number }
  | { kind: 'holding'; count: number };
