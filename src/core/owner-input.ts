/** Whose a subscription is, as a caller writes it: a path, or kind and id as seed 004 does. */
import { isOwnerPath } from './owner.ts';
import type { FieldError } from './problem.ts';

/** The kinds of owners of seed 004. */
export const OWNER_KINDS = ['repo', 'org'] as const;

export type OwnerKind = (typeof OWNER_KINDS)[number];

export interface OwnerInput {
  owner?: string | null | undefined;
  ownerKind?: OwnerKind | null | undefined;
  ownerId?: string | number | null | undefined;
}

/** The path that was written in either way; null for the whole tenant. */
export function ownerOf({ owner, ownerKind, ownerId }: OwnerInput): string | null {
  if (!given(ownerKind) || !given(ownerId)) return owner ?? null;
  return `${ownerKind}:${ownerId}`;
}

/** What is wrong with it. */
export function ownerErrors(input: OwnerInput): FieldError[] {
  const { owner, ownerKind, ownerId } = input;
  if (given(ownerKind) !== given(ownerId)) {
    const [missing, there] = given(ownerKind) ? ['ownerId', 'ownerKind'] : ['ownerKind', 'ownerId'];
    return [{ pointer: `/${missing}`, message: `Needed with ${there}.` }];
  }
  if (given(owner) && given(ownerKind)) {
    return [{ pointer: '/owner', message: 'Either owner, or ownerKind and ownerId.' }];
  }
  const path = ownerOf(input);
  if (given(ownerId) && (path?.includes('/') || !isOwnerPath(path ?? ''))) {
    return [{ pointer: '/ownerId', message: '1 to 64 letters, digits and ._~@-.' }];
  }
  if (path === null || isOwnerPath(path)) return [];
  return [{ pointer: '/owner', message: 'An owner path such as "org:7" or "org:7/repo:42".' }];
}

/** A number as such, and as large as JSON's readers agree on. */
const WHOLE = /^(?:0|[1-9]\d{0,14})$/;

/** Kind and id of a path that has these alone; null for another one. Ids of digits are shown as the numbers they are. */
export function shownOwner(owner: string | null): { ownerKind: OwnerKind | null; ownerId: string | number | null } {
  const [kind, id, more] = (owner ?? '').split(/[:/]/);
  const ownerKind = OWNER_KINDS.find((known) => known === kind);
  if (ownerKind === undefined || id === undefined || more !== undefined) return { ownerKind: null, ownerId: null };
  return { ownerKind, ownerId: WHOLE.test(id) ? Number(id) : id };
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}
