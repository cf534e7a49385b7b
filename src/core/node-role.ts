/** What a process of a Hookyard does. One process that owns its store does all of it. */

/** Every role, with what a process that has it does. */
const MEANINGS = {
  ingest: 'takes in events and what senders push',
  dispatch: 'sends deliveries',
  query: 'answers all other calls of the API',
  maintain: 'does the housekeeping of the store',
} as const;

/** A part of the work that can be given to some processes and not to others. Not what a key may do: that is `Role`. */
export type NodeRole = keyof typeof MEANINGS;

/** All roles, in the order in which they are told. */
export const NODE_ROLES = Object.keys(MEANINGS) as readonly NodeRole[];

/** The work of a role, in words that go on after "a process that …". */
export function workOf(role: NodeRole): string {
  return MEANINGS[role];
}

/** The roles of a process that nothing was said about. */
export const ALL_NODE_ROLES: ReadonlySet<NodeRole> = new Set(NODE_ROLES);

export type NodeRolesRead =
  | { kind: 'roles'; roles: ReadonlySet<NodeRole> }
  /** `reason` goes on after the name of the setting. */
  | { kind: 'refused'; reason: string };

/** Reads a comma list of roles. Blanks around a role are let be; one that is named twice counts once. */
export function parseNodeRoles(text: string): NodeRolesRead {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !isNodeRole(name));
  if (unknown === undefined) return { kind: 'roles', roles: new Set(names.filter(isNodeRole)) };
  const known = NODE_ROLES.join(', ');
  return {
    kind: 'refused',
    reason: unknown === '' ? `lacks a role: ${known}` : `has "${unknown}", no role of ${known}`,
  };
}

function isNodeRole(name: string): name is NodeRole {
  return Object.hasOwn(MEANINGS, name);
}
