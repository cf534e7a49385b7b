/** What an event's fields may be, for the schema in the document and for the checks on the hot path alike. */
import { RESERVED_TYPES } from '../core/event.ts';
import { headerErrors } from '../core/header.ts';
import { pathOf } from '../core/pointer.ts';
import { profiles } from '../core/profile.ts';

export const MAX_ID_CHARACTERS = 128;
export const MAX_TAGS = 32;
export const MAX_TAG_CHARACTERS = 100;
export const EVENT_TYPE_WORDS =
  'An event type of 1 to 64 characters: words of letters, digits, _ and - joined by dots, such as "deployment.completed".';
export const RESERVED_WORDS = `Events that begin with ${RESERVED_TYPES.join(' or ')} are made by Hookyard alone; choose another name.`;
export const OWNER_WORDS = 'An owner path such as "org:7" or "org:7/repo:42".';

/** A publisher's headers go to receivers of every profile, so none of them may carry a name that a profile sets. */
const OWNED = Object.values(profiles).flatMap(({ ownHeaders }) => ownHeaders);
const OWNER = 'a profile, which sets it itself: an event cannot carry it';

export interface HeaderIssue {
  path: string[];
  message: string;
}

/** What is wrong with an event's headers; paths are below `/headers`. */
export function eventHeaderErrors(headers: Readonly<Record<string, string>>): HeaderIssue[] {
  return headerErrors(headers, OWNED, '', OWNER).map(({ pointer, message }) => ({
    path: pathOf(pointer),
    message,
  }));
}
