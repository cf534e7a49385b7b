/** Webhooks of JFrog Artifactory, domain `docker` (jfrog.com/help, "Webhook event types", "Domain: docker"). */
import type { ImageFact, Origin } from '../fact.ts';
import { type Field, isObject, known, textAt } from './fields.ts';
import { asDigest, asRepository, asTag, configuredRegistry, hostAt, imageFact } from './image.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** A promotion copies or moves a tag into another repository, where it is new. */
const KINDS: ReadonlyMap<string, ImageFact['kind']> = new Map([
  ['pushed', 'image.push'],
  ['promoted', 'image.push'],
  ['deleted', 'image.delete'],
]);
const DOCKER = 'docker';
const MAX_WORD = 255;
const MAX_PATH_CHARS = 1024;
/** Where a manifest is stored: the image's path, a folder for the tag, the file. */
const MANIFEST_PATH = /^(.+)\/[^/]+\/(?:list\.)?manifest\.json$/;
/** The folder of what was pushed by digest only. */
const DIGEST_FOLDER = /^sha256__[0-9a-f]{64}$/;
/** Ends the keys of the repositories that hold what was pulled through a remote one. */
const CACHE = '-cache';

/** Reads one event. It has no time, and names its sender, not who pushed. */
export const readArtifactory: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const domain = textAt(body, ['domain'], MAX_WORD);
  if (domain === null) return unreadable('/domain', 'The event has no domain.');
  if (domain.value !== DOCKER) return ignored('An event that is not about a Docker image.');
  const event = textAt(body, ['event_type'], MAX_WORD);
  if (event === null) return unreadable('/event_type', 'The event has no type.');
  const kind = KINDS.get(event.value);
  if (kind === undefined) return ignored('An event that neither pushes nor deletes an image.');
  return readImage(input, { value: kind, pointer: event.pointer });
};

function readImage(input: ReaderInput, kind: Field<ImageFact['kind']>): Reading {
  const { body } = input;
  const key = textAt(body, ['data', 'repo_key'], MAX_WORD);
  if (key === null) return unreadable('/data/repo_key', 'No repository of Artifactory is named.');
  const image = imageOf(body);
  const repository = image && repositoryOf(input, key, image);
  if (repository === null) return unreadable('/data/image_name', 'No image is named.');
  const tag = tagOf(body);
  const digest = digestOf(body);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was changed.');
  const registry = configuredRegistry(input) ?? hostAt(body, ['jpd_origin']);
  return one(imageFact({ kind, registry, repository, tag, digest, time: null, actor: null, origin: originOf(key) }));
}

/**
 * The path of the image in its repository. `image_name` may be the last part of it only: `busybox` for
 * `foo/bar/busybox` (akuity/kargo, pull request 4498).
 */
function imageOf(body: unknown): Field<string> | null {
  const path = textAt(body, ['data', 'path'], MAX_PATH_CHARS);
  const [, image] = MANIFEST_PATH.exec(path?.value ?? '') ?? [];
  if (path !== null && image !== undefined) return { value: image, pointer: path.pointer };
  return textAt(body, ['data', 'image_name'], MAX_PATH_CHARS);
}

/**
 * Images are pulled below the key of their repository, except where that is the first label of the host (jfrog.com/help,
 * "Docker access methods"): so it is when the configured registry begins with it. What Artifactory calls itself, in
 * `jpd_origin`, is never such a host, and may be missing or an internal name.
 */
function repositoryOf(input: ReaderInput, key: Field<string>, image: Field<string>): Field<string> | null {
  const isInHost = input.registry?.startsWith(`${key.value.toLowerCase()}.`) === true;
  return asRepository(isInHost ? image : { value: `${key.value}/${image.value}`, pointer: '/data' });
}

function tagOf(body: unknown): Field<string> | null {
  const tag = textAt(body, ['data', 'tag'], MAX_WORD);
  return tag === null || DIGEST_FOLDER.test(tag.value) ? null : asTag(tag);
}

/** The sum over the manifest's file, which is the digest of the image. */
function digestOf(body: unknown): Field<string> | null {
  const sum = textAt(body, ['data', 'sha256'], MAX_WORD);
  return sum && asDigest({ value: `sha256:${sum.value}`, pointer: sum.pointer });
}

function originOf(key: Field<string>): Field<Origin> {
  return key.value.endsWith(CACHE) ? { value: 'remote-cache', pointer: key.pointer } : known('user');
}
