/** Where the fields of an image stand in payloads of anybody's: set by a person, checked when it is saved. */
import { type Followed, follow, type PathParsed, parsePath } from './json-path.ts';
import { pointerOf } from './pointer.ts';
import type { FieldError } from './problem.ts';

/** Fields of an image fact that a mapping may say the place of. */
export const MAPPED_FIELDS = ['image', 'registry', 'repository', 'tag', 'digest', 'time', 'actor', 'id'] as const;

/** Name of a field that a mapping may say the place of. */
export type MappedField = (typeof MAPPED_FIELDS)[number];

/** Where the fields stand in a payload of anybody's: a path (RFC 9535, or dotted) for each that is sent. */
export type Mapping = Readonly<Partial<Record<MappedField, string>>>;

const KNOWN: ReadonlySet<string> = new Set(MAPPED_FIELDS);
/** Longest id that counts as one; it is hashed, never shown. */
const MAX_ID_CHARS = 1024;

/** All that is wrong with a mapping, each with its pointer below `/mapping`. Paths may lead to one place only. */
export function mappingErrors(mapping: Mapping): FieldError[] {
  const entries = Object.entries(mapping);
  const errors = entries.flatMap(([name, path]) => {
    const message = fieldFault(name, path);
    return message === null ? [] : [{ pointer: pointerOf(['mapping', name]), message }];
  });
  const fault = combinationFault(mapping);
  return fault === null ? errors : [...errors, fault];
}

function fieldFault(name: string, path: unknown): string | null {
  if (!KNOWN.has(name)) return `No such field; there are ${MAPPED_FIELDS.join(', ')}.`;
  if (typeof path !== 'string') return 'A path is a text, such as "$.data.image".';
  const parsed = parsePath(path);
  if (parsed.kind === 'refused') return parsed.message;
  if (parsed.path.kind === 'plural')
    return 'A field has one place: leave out wildcards, slices and lists of selectors.';
  return null;
}

/** What the fields together must say: which repository, and which image in it. */
function combinationFault(mapping: Mapping): FieldError | null {
  const { image, repository, tag, digest } = mapping;
  if (image !== undefined && repository !== undefined) {
    return { pointer: '/mapping/repository', message: '`image` names the repository already; give one of the two.' };
  }
  if (image === undefined && repository === undefined) {
    return { pointer: '/mapping', message: 'Say where the image stands: `image` (a whole reference) or `repository`.' };
  }
  if (repository !== undefined && tag === undefined && digest === undefined) {
    return { pointer: '/mapping', message: 'Beside `repository`, say where `tag` or `digest` stands.' };
  }
  return null;
}

/** What reads as the value itself: hosts by how they end, `latest` and versions. */
const VALUES: readonly { field: MappedField; isLike: RegExp; instead: string }[] = [
  {
    field: 'registry',
    isLike:
      /^(?:localhost|\d+(?:\.\d+){3}|(?:[\w-]+\.)+(?:com|net|org|io|dev|app|cloud|local|internal|lan|[a-z]{2}))$/i,
    instead: 'for the host itself leave it out and set `registry` of the source; ',
  },
  { field: 'tag', isLike: /^(?:latest|v?\d+(?:\.\d+)+)$/i, instead: '' },
];

/** Sentences about dotted paths that were probably meant as the value itself. With `$` it is certain what is meant. */
export function mappingDoubts(mapping: Mapping): string[] {
  return VALUES.flatMap(({ field, isLike, instead }) => {
    const path = mapping[field];
    if (path === undefined || !isLike.test(path)) return [];
    return [
      `A mapping says where a field stands, so \`${field}\` is looked for at \`${withRoot(path)}\`: ` +
        `${instead}if it does stand there, write it so.`,
    ];
  });
}

/** A dotted path as RFC 9535 has it. */
function withRoot(path: string): string {
  const steps = path.split('.').map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${name}']`));
  return `$${steps.join('')}`;
}

/** Where a field of the mapping leads in a payload; null when the mapping does not have the field. */
export function mapped(mapping: Mapping, field: MappedField, body: unknown): Followed | null {
  const path = mapping[field];
  const parsed: PathParsed | null = path === undefined ? null : parsePath(path);
  return parsed?.kind === 'path' && parsed.path.kind === 'singular' ? follow(parsed.path, body) : null;
}

/**
 * The sender's own id of the message, where the mapping says it stands: a text or a whole number. null when it is not
 * there; and of a number that JavaScript rounds, since two such ids would look like one.
 */
export function mappedId(mapping: Mapping | null, body: unknown): string | null {
  const node = mapping === null ? undefined : mapped(mapping, 'id', body)?.node;
  if (typeof node === 'number') return Number.isSafeInteger(node) ? String(node) : null;
  return typeof node === 'string' && node.trim() !== '' && node.length <= MAX_ID_CHARS ? node : null;
}
