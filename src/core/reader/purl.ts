/** Container images in package URLs (ECMA-427), of the types `oci` and `docker`. */
import { DOCKER_HUB, parseImageRef } from '../image-ref.ts';
import { type Field, known } from './fields.ts';
import { asDigest, asTag, type ImageParts, namesHost } from './image.ts';

/** What a package URL says of an image. */
export type PurlImage = Pick<ImageParts, 'registry' | 'repository' | 'tag' | 'digest'>;

const PARTS = /^pkg:\/{0,2}(oci|docker)\/([^?#@]+)(?:@([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/is;
/** How package URLs of Docker Hub's images write their registry. */
const HUB_HOSTS: ReadonlySet<string> = new Set(['hub.docker.com', 'index.docker.io', 'registry-1.docker.io']);

/**
 * Reads a package URL; null when it names no image. Its version is a digest, or else a tag; `repository_url`, `tag` and
 * `digest` may qualify it.
 * @param sourceRegistry where an image is whose URL names no registry; null for "unknown", of `docker` Docker Hub
 */
export function readPurl({ value, pointer }: Field<string>, sourceRegistry: string | null): PurlImage | null {
  const match = PARTS.exec(value);
  if (match === null) return null;
  const [, type = '', path = '', version = '', query = ''] = match;
  const qualifiers = qualifiersIn(query);
  const place = placeOf(decoded(path), qualifiers.get('repository_url') ?? '');
  const implied = sourceRegistry ?? (type.toLowerCase() === 'docker' ? DOCKER_HUB : null);
  const parsed = parseImageRef(place, implied);
  if (parsed.kind === 'refused' || parsed.ref.tag !== null || parsed.ref.digest !== null) return null;
  const { registry, repository } = parsed.ref;
  const versions = [qualifiers.get('tag'), decoded(version), qualifiers.get('digest')].map((text = '') => ({
    value: text,
    pointer,
  }));
  return {
    registry: registry === null ? null : namesHost(place) ? { value: registry, pointer } : known(registry),
    repository: { value: repository, pointer },
    tag: versions.slice(0, 2).find((field) => asTag(field) !== null) ?? null,
    digest: versions.slice(1).find((field) => asDigest(field) !== null) ?? null,
  };
}

/**
 * The whole path with its host. `repository_url` is that of the repository, name included (definition of `oci`); but
 * for `docker` it is often the registry alone, or what stands before the name.
 */
function placeOf(path: string, repositoryUrl: string): string {
  const name = trimmed(path);
  const [host = '', ...segments] = trimmed(repositoryUrl.replace(/^[a-z+]{1,20}:\/\//i, '')).split('/');
  if (host === '') return name;
  const isWhole = `/${segments.join('/')}`.toLowerCase().endsWith(`/${name}`.toLowerCase());
  const registry = HUB_HOSTS.has(host.toLowerCase()) ? DOCKER_HUB : host;
  return [registry, ...segments, ...(isWhole ? [] : [name])].join('/');
}

/** Without the slash that a URL may end with. */
function trimmed(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function qualifiersIn(query: string): ReadonlyMap<string, string> {
  return new Map(
    query.split('&').map((pair) => {
      const [key = '', ...value] = pair.split('=');
      return [key.toLowerCase(), decoded(value.join('='))];
    }),
  );
}

/** Percent-decoded; as it stands where that is impossible. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
