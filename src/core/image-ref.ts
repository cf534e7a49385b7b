/** A container image reference taken apart, in canonical lower case where the grammar has no case. */
export interface ImageRef {
  /** `host[:port]`; null only when the text names none and the caller implies none. */
  registry: string | null;
  /** The path before the last segment, `grp/sub` for nested ones; null when there is only one segment. */
  owner: string | null;
  name: string;
  /** `owner/name`, or `name` alone. */
  repository: string;
  /** As written. Never `latest` unless the text says so. */
  tag: string | null;
  /** `sha256:` and 64 lower-case hex digits. */
  digest: string | null;
}

/** `reason` never repeats the text. */
export type ImageRefParsed = { kind: 'ref'; ref: ImageRef } | { kind: 'refused'; reason: string };

/** Docker Hub, as every reference without a host means it. */
export const DOCKER_HUB = 'docker.io';

/** In characters, of the whole reference. */
export const MAX_REF_LENGTH = 512;
/** In characters; the limit of the OCI distribution specification's reference implementation. */
const MAX_REPOSITORY_LENGTH = 255;
const MAX_PORT = 65_535;

const NOT_ASCII = /[\u0080-\uffff]/;
const SEGMENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-f:.]{2,45}\\])(?::([1-9][0-9]{0,4}))?$`);

/**
 * Parses `[host[:port]/]path[:tag][@sha256:…]` (grammar of the OCI distribution specification). The first segment is a
 * host when it holds `.` or `:` or is `localhost`. Total: any text gives a reference or a reason.
 * @param impliedRegistry the host of a reference that names none: Docker Hub (where a lone name also gets `library/`),
 * a source's own registry, or null for "unknown"
 */
export function parseImageRef(text: string, impliedRegistry: string | null = DOCKER_HUB): ImageRefParsed {
  if (text.length > MAX_REF_LENGTH) return refuse(`an image reference has at most ${MAX_REF_LENGTH} characters`);
  // Lower case makes letters of some that are none here: the Kelvin sign would become a k, and name another image.
  if (NOT_ASCII.test(text)) return refuse('an image reference has no letters but those from a to z');
  if (text.includes('://')) return refuse('an image reference has no scheme; leave out what ends with ://');
  const { rest, digest } = splitDigest(text);
  const { path, tag } = splitTag(rest);
  if (isDigestText(text)) return refuse('a digest or an id alone names no image');
  if (digest !== null && !DIGEST.test(digest)) return refuse('a digest is sha256: and 64 lower-case hex digits');
  if (tag !== null && !TAG.test(tag))
    return refuse('a tag is 1 to 128 letters, digits, _ . - and begins with none of . -');
  const { host, segments } = splitHost(path.toLowerCase());
  if (host !== null && !isHost(host))
    return refuse('the registry before the first / is not a host name with optional port');
  const registry = host === null ? impliedRegistry : canonicalHost(host);
  return nameRepository(registry, segments, tag, digest);
}

/**
 * Split like a reference, an algorithm would be the name, and hex digits the tag. Bare hex digits are the id that an
 * image has in one engine, which the grammar takes for no name either.
 */
function isDigestText(text: string): boolean {
  const lower = text.toLowerCase();
  return DIGEST.test(lower) || DIGEST.test(`sha256:${lower}`);
}

function nameRepository(
  registry: string | null,
  written: readonly string[],
  tag: string | null,
  digest: string | null,
): ImageRefParsed {
  const segments = registry === DOCKER_HUB && written.length === 1 ? ['library', ...written] : written;
  const repository = segments.join('/');
  const name = segments.at(-1) ?? '';
  if (name === '') return refuse('the image name is missing');
  if (repository.length > MAX_REPOSITORY_LENGTH)
    return refuse(`a repository has at most ${MAX_REPOSITORY_LENGTH} characters`);
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    return refuse(
      'a repository is letters and digits with single separators (. _ __ -) between them, in parts joined by /',
    );
  }
  const owner = segments.length > 1 ? segments.slice(0, -1).join('/') : null;
  return { kind: 'ref', ref: { registry, owner, name, repository, tag, digest } };
}

function splitDigest(text: string): { rest: string; digest: string | null } {
  const at = text.indexOf('@');
  return at === -1 ? { rest: text, digest: null } : { rest: text.slice(0, at), digest: text.slice(at + 1) };
}

/** A colon before the last slash belongs to the host's port. */
function splitTag(text: string): { path: string; tag: string | null } {
  const at = text.indexOf(':', text.lastIndexOf('/') + 1);
  return at === -1 ? { path: text, tag: null } : { path: text.slice(0, at), tag: text.slice(at + 1) };
}

function splitHost(path: string): { host: string | null; segments: readonly string[] } {
  const [first = '', ...others] = path.split('/');
  const isNamed = others.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isNamed ? { host: first, segments: others } : { host: null, segments: [first, ...others] };
}

/** Whether a text is `host[:port]` in lower case, as a registry is called in references. */
export function isHost(host: string): boolean {
  const match = HOST.exec(host);
  return match !== null && Number(match[1] ?? 1) <= MAX_PORT;
}

/** `index.docker.io` is Docker Hub's old name for itself. */
export function canonicalHost(host: string): string {
  return host === 'index.docker.io' ? DOCKER_HUB : host;
}

function refuse(reason: string): ImageRefParsed {
  return { kind: 'refused', reason };
}
