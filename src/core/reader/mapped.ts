/** Images in payloads of anybody's, by a mapping that says where their fields stand. */

import { DOCKER_HUB, type ImageRef, MAX_REF_LENGTH, parseImageRef } from '../image-ref.ts';
import { type MappedField, type Mapping, mapped } from '../mapping.ts';
import { pointerOf } from '../pointer.ts';
import { at, type Field, known, type Path, textAt } from './fields.ts';
import { actorAt, configuredRegistry, digestAt, hostAt, imageFact, namesHost, tagAt, timeAt } from './image.ts';
import { one, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** A reference, where it stood, and whether it names its host itself. */
interface Named {
  kind: 'named';
  ref: ImageRef;
  pointer: string;
  registry: Field<string> | null;
}

type Unreadable = Extract<Reading, { kind: 'unreadable' }>;
type Version = Record<'tag' | 'digest', Field<string> | null>;

/**
 * Reads one push. `image` is a whole reference as `docker pull` takes it; `repository` a path, whose host stands in it
 * or in `registry`. `tag` and `digest` beside `image` say what the reference leaves out, and may not contradict it.
 */
export function readMapped(input: ReaderInput, mapping: Mapping): Reading {
  const named = namedBy(input, mapping);
  if (named.kind === 'unreadable') return named;
  const version = versionOf(input, mapping, named);
  if ('kind' in version) return version;
  const time = placeOf(input, mapping, 'time');
  const actor = placeOf(input, mapping, 'actor');
  const fact = imageFact({
    kind: known('image.push'),
    registry: named.registry,
    repository: { value: named.ref.repository, pointer: named.pointer },
    ...version,
    time: time && timeAt(input, time),
    actor: actor && actorAt(input.body, actor),
    origin: known('user'),
  });
  return one(fact);
}

/** A lone name in `image` is on Docker Hub, as everywhere; `repository` without a host matches by its path. */
function namedBy(input: ReaderInput, mapping: Mapping): Named | Unreadable {
  const field = mapping.image === undefined ? 'repository' : 'image';
  const path = placeOf(input, mapping, field);
  if (path === null) return unreadable('', 'The mapping does not say where an image stands.');
  const text = textAt(input.body, path, MAX_REF_LENGTH);
  if (text === null) return wrong(field, path, 'missing, or not a text');
  const host = hostOf(input, mapping);
  if (host !== null && 'kind' in host) return host;
  const implied = host ?? (field === 'image' ? known(input.registry ?? DOCKER_HUB) : configuredRegistry(input));
  const parsed = parseImageRef(text.value, implied?.value ?? null);
  if (parsed.kind === 'refused') return wrong(field, path, parsed.reason);
  const { ref } = parsed;
  if (field === 'repository' && (ref.tag !== null || ref.digest !== null)) {
    return wrong(field, path, 'holds a tag or a digest, so it is an `image`');
  }
  const pointer = pointerOf(path);
  const registry = namesHost(text.value) && ref.registry !== null ? { value: ref.registry, pointer } : implied;
  return { kind: 'named', ref, pointer, registry };
}

/** The host in `registry`, whatever scheme or path is written around it; null when mapping or payload has none. */
function hostOf(input: ReaderInput, mapping: Mapping): Field<string> | Unreadable | null {
  const path = placeOf(input, mapping, 'registry');
  if (path === null || at(input.body, path) === undefined) return null;
  return hostAt(input.body, path) ?? wrong('registry', path, 'not a host name');
}

/** Tag and digest, from their own places or out of the reference; at least one of them. */
function versionOf(input: ReaderInput, mapping: Mapping, named: Named): Version | Unreadable {
  const { ref, pointer } = named;
  const tagPath = placeOf(input, mapping, 'tag');
  const digestPath = placeOf(input, mapping, 'digest');
  const tag = tagPath && tagAt(input.body, tagPath);
  // Some senders write the digest where others write the tag.
  const digest = (digestPath && digestAt(input.body, digestPath)) ?? (tagPath && digestAt(input.body, tagPath));
  if (tagPath && tag && ref.tag !== null && ref.tag !== tag.value) return contradicts('tag', tagPath);
  if (digestPath && digest && ref.digest !== null && ref.digest !== digest.value) {
    return contradicts('digest', digestPath);
  }
  const version = { tag: tag ?? from(ref.tag, pointer), digest: digest ?? from(ref.digest, pointer) };
  if (version.tag !== null || version.digest !== null) return version;
  const [field, path] = tagPath === null ? (['digest', digestPath] as const) : (['tag', tagPath] as const);
  // A name alone means `latest`, as it does to `docker pull`, unless the mapping promised more.
  return path === null ? { ...version, tag: known('latest') } : wrong(field, path, faultOf(input.body, field, path));
}

function faultOf(body: unknown, field: 'tag' | 'digest', path: Path): string {
  const value = at(body, path);
  if (value === undefined) return 'missing';
  // As a number 1.10 is 1.1.
  return typeof value === 'string' ? `not a ${field}` : 'not a text: write it between quotation marks';
}

function from(value: string | null, pointer: string): Field<string> | null {
  return value === null ? null : { value, pointer };
}

/** The place a field has in this payload, or would have. */
function placeOf({ body }: ReaderInput, mapping: Mapping, field: MappedField): Path | null {
  return mapped(mapping, field, body)?.steps ?? null;
}

function contradicts(field: MappedField, path: Path): Unreadable {
  return wrong(field, path, 'not what the image reference says');
}

function wrong(field: MappedField, path: Path, fault: string): Unreadable {
  return unreadable(pointerOf(path), `Field ${field}: ${fault}.`);
}
