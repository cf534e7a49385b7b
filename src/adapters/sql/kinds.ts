/** Kinds of deliveries as the column `flags` of an open one. */
import type { DeliveryKind } from '../../ports/store.ts';

const KINDS: readonly DeliveryKind[] = ['first', 'redelivery', 'replay', 'test'];

/** The number that stands for a kind of delivery in `flags`. */
export function flagsOf(kind: DeliveryKind): number {
  return KINDS.indexOf(kind);
}

/** The kind that a number in `flags` stands for. */
export function kindOf(flags: number): DeliveryKind {
  return KINDS[flags] ?? 'first';
}
