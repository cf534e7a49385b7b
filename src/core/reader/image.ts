/** The parts of an image as registries name them, and the fact they make together. */

import type { ImageFact, Origin, Provenance, ReadFact } from '../fact.ts';
import { type ImageRef, parseImageRef } from '../image-ref.ts';
import { pointerOf } from '../pointer.ts';
import { at, type Field, known, type Path, textAt } from './fields.ts';
import type { ReaderInput } from './reading.ts';
import { readTime } from './times.ts';

/** A time, where it stood and what it is called in `timeSource`. */
export interface TimeField extends Field<number> {
  source: string;
}

/** What a reader found for one image. null = the payload does not say. */
export interface ImageParts {
  kind: Field<ImageFact['kind']>;
  registry: Field<string> | null;
  repository: Field<string>;
  tag: Field<string> | null;
  digest: Field<string> | null;
  time: TimeField | null;
  actor: Field<string> | null;
  origin: Field<Origin>;
}

/** Longest text worth looking at; the grammar of image references has its own, shorter limits. */
const MAX_CHARS = 1024;
const MAX_ACTOR = 255;

/** A repository path at `path`, lower-cased; null when it is none. */
export function repositoryAt(body: unknown, path: Path): Field<string> | null {
  const field = textAt(body, path, MAX_CHARS);
  return field && asRepository(field);
}

/** The field with its text lower-cased, when that is a repository path without host, tag and digest. */
export function asRepository({ value, pointer }: Field<string>): Field<string> | null {
  const ref = refOf(`localhost/${value}`);
  return ref === null || ref.tag !== null || ref.digest !== null ? null : { value: ref.repository, pointer };
}

/** A tag at `path`; null for an empty one, a digest or anything else that is no tag. */
export function tagAt(body: unknown, path: Path): Field<string> | null {
  const field = textAt(body, path, MAX_CHARS);
  return field && asTag(field);
}

/** The field, when its text is a tag. */
export function asTag(field: Field<string>): Field<string> | null {
  return refOf(`localhost/x:${field.value}`)?.tag === field.value ? field : null;
}

/** A digest at `path`: exactly `sha256:` and 64 lower-case hex digits. */
export function digestAt(body: unknown, path: Path): Field<string> | null {
  const field = textAt(body, path, MAX_CHARS);
  return field && asDigest(field);
}

/** The field, when its text is a digest of that form. */
export function asDigest(field: Field<string>): Field<string> | null {
  return refOf(`localhost/x@${field.value}`)?.digest === field.value ? field : null;
}

/** A repository path of which the payload only has `namespace` and `name`, below `parent`. */
export function repositoryInParts(body: unknown, parent: Path): Field<string> | null {
  const namespace = textAt(body, [...parent, 'namespace'], MAX_CHARS);
  const name = textAt(body, [...parent, 'name'], MAX_CHARS);
  if (namespace === null || name === null) return null;
  return asRepository({ value: `${namespace.value}/${name.value}`, pointer: pointerOf(parent) });
}

/** Official images of Docker Hub have one-word names, which stand for `library/…`. */
export function inLibrary({ value, pointer }: Field<string>): Field<string> {
  return { value: value.includes('/') ? value : `library/${value}`, pointer };
}

/** The `host[:port]` at `path`, which stands alone or leads an address; null for what no registry can be called. */
export function hostAt(body: unknown, path: Path): Field<string> | null {
  const field = textAt(body, path, MAX_CHARS);
  if (field === null) return null;
  const host = field.value.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const registry = refOf(`${host}/x`)?.registry ?? null;
  return registry === null ? null : { value: registry, pointer: field.pointer };
}

/** The registry that a source's configuration names. */
export function configuredRegistry({ registry }: ReaderInput): Field<string> | null {
  return registry === null ? null : known(registry);
}

/** Registry and repository of a pull address `host[:port]/path`, whatever tag or digest follows; null without a host. */
export function placeAt(body: unknown, path: Path): { registry: Field<string>; repository: Field<string> } | null {
  const field = textAt(body, path, MAX_CHARS);
  if (field === null) return null;
  const ref = refOf(
    field.value
      .replace(/^https?:\/\//, '')
      .replace(/@.*$/, '')
      .replace(/:[^/:]*$/, ''),
  );
  if (ref === null || ref.registry === null) return null;
  const { pointer } = field;
  return { registry: { value: ref.registry, pointer }, repository: { value: ref.repository, pointer } };
}

/** True for a reference that says which registry it is in. */
export function namesHost(text: string): boolean {
  const ref = refOf(text);
  return ref !== null && ref.registry !== null;
}

/** An account name at `path`. */
export function actorAt(body: unknown, path: Path): Field<string> | null {
  return textAt(body, path, MAX_ACTOR);
}

/** A believable time at `path`. */
export function timeAt(input: ReaderInput, path: Path): TimeField | null {
  return asTime(input, { value: at(input.body, path), pointer: pointerOf(path) }, path.join('.'));
}

/** The field as a believable time; `name` is what `timeSource` calls it. */
export function asTime(input: ReaderInput, { value, pointer }: Field<unknown>, name: string): TimeField | null {
  const read = readTime(value, input.timeZone, input.receivedAtMs);
  return read && { value: read.timeMs, pointer, source: `${name} (${read.format})` };
}

/** The fact, and where each of its fields came from. `time` in the provenance is the fact's `timeMs`. */
export function imageFact(parts: ImageParts): ReadFact {
  const { kind, registry, repository, tag, digest, time, actor, origin } = parts;
  const fact: ImageFact = {
    kind: kind.value,
    registry: registry?.value ?? null,
    repository: repository.value,
    tag: tag?.value ?? null,
    digest: digest?.value ?? null,
    timeMs: time?.value ?? null,
    timeSource: time?.source ?? 'received',
    actor: actor?.value ?? null,
    origin: origin.value,
  };
  return { fact, provenance: provenanceOf({ kind, registry, repository, tag, digest, time, actor, origin }) };
}

function refOf(text: string): ImageRef | null {
  const parsed = parseImageRef(text, null);
  return parsed.kind === 'ref' ? parsed.ref : null;
}

/** The pointers of those fields that stood in the payload. */
export function provenanceOf(fields: Readonly<Record<string, Field<unknown> | null>>): Provenance {
  const entries = Object.entries(fields).flatMap(([name, field]): [string, string][] =>
    field === null || field.pointer === null ? [] : [[name, field.pointer]],
  );
  return Object.fromEntries(entries);
}
