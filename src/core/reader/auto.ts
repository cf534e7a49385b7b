/**
 * Sources of seed 001's type `registry-push` alone: which registry sent it is told by the payload, where the formats
 * cannot be confused. Each is told by what only it has; what two could have sent is not guessed at.
 */
import type { SourceType } from '../source.ts';
import { type Carrier, cloudEventType, isCloudEvents } from './cloudevent.ts';
import { at, isObject, type Path } from './fields.ts';
import { ignored, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

interface Format {
  type: SourceType;
  isLike(carrier: Carrier): boolean;
}

/**
 * Formats with marks of their own. Docker Hub and Aliyun share `push_data`: what else either has tells them apart, and
 * a payload with marks of both, or of neither, could be of both.
 */
const MARKED: readonly Format[] = [
  { type: 'dockerhub', isLike: ({ body }) => isPushData(body) && (isHub(body) || !isAliyun(body)) },
  { type: 'aliyun', isLike: ({ body }) => isPushData(body) && (isAliyun(body) || !isHub(body)) },
  { type: 'harbor', isLike: ({ body }) => isText(body, ['type']) && isPart(body, ['event_data']) },
  { type: 'ghcr', isLike: ({ body }) => isGithubPackage(body) || isGithubPing(body) },
  {
    type: 'gitea-package',
    isLike: ({ body }) => isText(body, ['package', 'type']) && isText(body, ['package', 'version']),
  },
  { type: 'quay', isLike: ({ body }) => isText(body, ['repository']) && isCollection(body, ['updated_tags']) },
  { type: 'distribution', isLike: ({ body }) => isPart(body, ['events', 0, 'target']) },
  { type: 'acr', isLike: ({ body }) => isText(body, ['action']) && isPart(body, ['target']) },
  { type: 'acr-eventgrid', isLike: ({ body }) => isText(body, [0, 'eventType']) && isPart(body, [0, 'data']) },
  { type: 'ecr', isLike: ({ body }) => at(body, ['source']) === 'aws.ecr' && isPart(body, ['detail']) },
  { type: 'gar', isLike: isPubSub },
  { type: 'artifactory', isLike: ({ body }) => isText(body, ['domain']) && isText(body, ['event_type']) },
  { type: 'nexus', isLike: ({ body }) => isText(body, ['repositoryName']) && isNexusItem(body) },
  { type: 'wud', isLike: ({ body }) => isWatched(body, []) || isWatched(body, [0]) },
  { type: 'diun', isLike: ({ body }) => isText(body, ['diun_version']) },
];

/** Types of CloudEvents, by the beginning of the event's type; those of anybody else are read as `cloudevents`. */
const CLOUD_EVENTS: readonly { type: SourceType; prefix: string }[] = [
  { type: 'harbor', prefix: 'harbor.' },
  { type: 'zot', prefix: 'zotregistry.' },
  { type: 'acr-eventgrid', prefix: 'Microsoft.ContainerRegistry.' },
  { type: 'cdevents', prefix: 'dev.cdevents.' },
];

/** What people write by hand has no mark: only what nobody else sends counts. */
const PLAIN: readonly Format[] = [
  { type: 'native', isLike: ({ body }) => isText(body, ['image']) || isNameAndTag(body) },
  {
    type: 'generic',
    isLike: ({ body }) => isText(body, ['repository']) && (isText(body, ['tag']) || isText(body, ['digest'])),
  },
];

/** The one type that can have sent a payload; null when there is none, or more than one. */
export function detectFormat(carrier: Carrier): SourceType | null {
  const [type, ...others] = formatsOf(carrier);
  return type === undefined || others.length > 0 ? null : type;
}

/** Reads a payload with the reader of the type that sent it. Handshakes are for whom a person has named. */
export function readDetected(input: ReaderInput, readers: Readonly<Record<SourceType, Reader>>): Reading {
  const [type, ...others] = formatsOf(input);
  if (type === undefined) return unreadable('', 'No registry is known that sends this; set the type of the source.');
  if (others.length > 0) {
    return unreadable(
      '',
      `It may be of ${[type, ...others].join(' or ')}: set the type of the source to the right one.`,
    );
  }
  const reading = readers[type](input);
  if (reading.kind !== 'handshake' || reading.echo === null) return reading;
  return ignored(`A handshake, which only a source of type ${type} answers.`);
}

function formatsOf(carrier: Carrier): readonly SourceType[] {
  if (isCloudEvents(carrier)) return [cloudEventsType(carrier)];
  const contextType = at(carrier.body, ['context', 'type']);
  if (typeof contextType === 'string' && contextType.startsWith('dev.cdevents.')) return ['cdevents'];
  const marked = typesLike(MARKED, carrier);
  return marked.length > 0 ? marked : typesLike(PLAIN, carrier);
}

function typesLike(formats: readonly Format[], carrier: Carrier): readonly SourceType[] {
  return formats.filter(({ isLike }) => isLike(carrier)).map(({ type }) => type);
}

/** A batch may hold events of several senders, and the reader of CloudEvents knows each of them. */
function cloudEventsType(carrier: Carrier): SourceType {
  const type = cloudEventType(carrier);
  return CLOUD_EVENTS.find(({ prefix }) => type?.startsWith(prefix))?.type ?? 'cloudevents';
}

function isPushData(body: unknown): boolean {
  return isPart(body, ['push_data']) && isPart(body, ['repository']);
}

/** Docker Hub's times are numbers; it alone has an address to call back, a pusher, and `repo_name`. */
function isHub(body: unknown): boolean {
  const isTimed = typeof at(body, ['push_data', 'pushed_at']) === 'number';
  return isTimed || isText(body, ['callback_url']) || isText(body, ['repository', 'repo_name']);
}

/** Alibaba's times are texts; it alone has a region, a digest of its own, and `repo_full_name`. */
function isAliyun(body: unknown): boolean {
  const isTimed = isText(body, ['push_data', 'pushed_at']);
  return isTimed || isText(body, ['repository', 'region']) || isText(body, ['repository', 'repo_full_name']);
}

function isGithubPackage(body: unknown): boolean {
  return isPart(body, ['registry_package']) || isPart(body, ['package', 'package_version']);
}

function isGithubPing(body: unknown): boolean {
  return isText(body, ['zen']) && isPart(body, ['hook']);
}

/** Unwrapped messages are told by a header, if the subscription writes any. */
function isPubSub({ body, headers }: Carrier): boolean {
  const isWrapped = isText(body, ['subscription']) && isPart(body, ['message']);
  return isWrapped || isText(headers, ['x-goog-pubsub-message-id']);
}

function isWatched(body: unknown, container: Path): boolean {
  return isText(body, [...container, 'watcher']) && isPart(body, [...container, 'image']);
}

function isNexusItem(body: unknown): boolean {
  return isPart(body, ['component']) || isPart(body, ['asset']);
}

/** And nothing beside them: releases of forges have a name and a tag, too. */
function isNameAndTag(body: unknown): boolean {
  return isObject(body) && Object.keys(body).length === 2 && isText(body, ['name']) && isText(body, ['tag']);
}

function isText(body: unknown, path: Path): boolean {
  const value = at(body, path);
  return typeof value === 'string' && value !== '';
}

function isPart(body: unknown, path: Path): boolean {
  return isObject(at(body, path));
}

function isCollection(body: unknown, path: Path): boolean {
  const value = at(body, path);
  return isObject(value) || Array.isArray(value);
}
