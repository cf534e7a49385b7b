/** What every webhook of GitHub has: the name of its event in a header, and the ping when it is set up. */
import type { ReadFact } from '../fact.ts';
import { type Field, isObject } from './fields.ts';
import { repositoryNameAt } from './git.ts';
import { provenanceOf } from './image.ts';
import { type ReaderInput, type Reading, unreadable } from './reading.ts';

/** The header with the event's name (docs.github.com, "Webhook events and payloads", delivery headers). */
const EVENT_HEADER = 'x-github-event';

/** Where the event's name came from, in a provenance. */
export const EVENT_POINTER = `header:${EVENT_HEADER}`;

/** The name of the event; null when no header says. */
export function githubEvent({ headers }: ReaderInput): string | null {
  const name = headers[EVENT_HEADER];
  return name === undefined || name === '' ? null : name;
}

/** Reads the ping that GitHub sends when a webhook is set up. A webhook of an organisation names no repository. */
export function readPing({ body }: ReaderInput): Reading {
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const repository = repositoryNameAt(body, ['repository', 'full_name']);
  const kind: Field<'ping'> = { value: 'ping', pointer: EVENT_POINTER };
  const ping: ReadFact = {
    fact: { kind: kind.value, repository: repository?.value ?? null },
    provenance: provenanceOf({ kind, repository }),
  };
  return { kind: 'handshake', reason: 'GitHub tests the connection.', facts: [ping], echo: null };
}
