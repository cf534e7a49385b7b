/** Harbor's project webhooks: the default format, the CloudEvents format of 2.8 and later, and the names of 1.x. */

import type { ImageFact, Origin } from '../fact.ts';
import { pointerOf } from '../pointer.ts';
import { type Field, isObject, known, listAt, type Path, textAt } from './fields.ts';
import {
  actorAt,
  configuredRegistry,
  digestAt,
  type ImageParts,
  imageFact,
  placeAt,
  repositoryAt,
  repositoryInParts,
  tagAt,
  timeAt,
} from './image.ts';
import {
  gathered,
  ignored,
  MAX_FACTS,
  one,
  type Reader,
  type ReaderInput,
  type Reading,
  unreadable,
} from './reading.ts';

type Meaning = { kind: 'fact'; of: ImageFact['kind'] } | { kind: 'ignored'; reason: string };

const PUSHED: Meaning = { kind: 'fact', of: 'image.push' };
const DELETED: Meaning = { kind: 'fact', of: 'image.delete' };
const PULLED = ignored('A pull is not a push.');
const SCANNED = ignored('A scan changes no image.');
const QUOTA = ignored('The quota is a limit, not a push: over it the registry refuses the artifact.');
const REPLICATED = ignored('The end of a replication names no artifact; its pushes are sent by themselves.');
const RETAINED = ignored('A retention run names no artifact with its digest.');

/** Event names of the default format, of CloudEvents and of Harbor 1.x. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['PUSH_ARTIFACT', PUSHED],
  ['harbor.artifact.pushed', PUSHED],
  ['pushImage', PUSHED],
  ['DELETE_ARTIFACT', DELETED],
  ['harbor.artifact.deleted', DELETED],
  ['deleteImage', DELETED],
  ['PULL_ARTIFACT', PULLED],
  ['harbor.artifact.pulled', PULLED],
  ['pullImage', PULLED],
  ['SCANNING_COMPLETED', SCANNED],
  ['SCANNING_STOPPED', SCANNED],
  ['SCANNING_FAILED', SCANNED],
  ['harbor.scan.completed', SCANNED],
  ['harbor.scan.stopped', SCANNED],
  ['harbor.scan.failed', SCANNED],
  ['scanningCompleted', SCANNED],
  ['scanningFailed', SCANNED],
  ['QUOTA_EXCEED', QUOTA],
  ['QUOTA_WARNING', QUOTA],
  ['harbor.quota.exceeded', QUOTA],
  ['harbor.quota.warned', QUOTA],
  ['REPLICATION', REPLICATED],
  ['harbor.replication.status.changed', REPLICATED],
  ['TAG_RETENTION', RETAINED],
  ['harbor.tag_retention.finished', RETAINED],
]);

/** Operators that are Harbor itself; its scanners come as robots. */
const ORIGINS: ReadonlyMap<string, Origin> = new Map([
  ['harbor#proxy-cache-service', 'proxy-cache'],
  ['harbor-jobservice', 'replication'],
  ['auto', 'scanner'],
]);
const ROBOT = 'robot$';
const SCANNER_ROBOT = /-(?:Trivy|Clair)-/;

/** What all resources of one payload share. */
type Shared = Pick<ImageParts, 'kind' | 'time' | 'actor' | 'origin'>;

/** Reads every resource of one payload. */
export const readHarbor: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const type = textAt(body, ['type'], 100);
  if (type === null) return unreadable('/type', 'The event has no type.');
  const meaning = MEANINGS.get(type.value);
  if (meaning === undefined) return ignored('An event type that names no image.');
  if (meaning.kind === 'ignored') return meaning;
  const cloudEvent = Object.hasOwn(body, 'specversion');
  const actor = actorAt(body, ['operator']);
  const shared: Shared = {
    kind: { value: meaning.of, pointer: type.pointer },
    time: timeAt(input, [cloudEvent ? 'time' : 'occur_at']),
    actor,
    origin: originOf(actor),
  };
  return readResources(input, cloudEvent ? 'data' : 'event_data', shared);
};

function readResources(input: ReaderInput, data: string, shared: Shared): Reading {
  const path: Path = [data, 'resources'];
  const resources = listAt(input.body, path);
  if (resources === null) return unreadable(pointerOf(path), 'There is no list of resources.');
  if (resources.length > MAX_FACTS) return unreadable(pointerOf(path), `More than ${MAX_FACTS} resources.`);
  return gathered(
    [...resources.keys()].map((index) => readResource(input, data, [...path, index], shared)),
    NOT_ADDRESSABLE,
  );
}

const NOT_ADDRESSABLE = ignored('No resource with a tag or a digest: nothing addressable.');

function readResource(input: ReaderInput, data: string, resource: Path, shared: Shared): Reading {
  const { body } = input;
  const tag = tagAt(body, [...resource, 'tag']);
  /** A push by digest carries the digest in `tag`, too. */
  const digest = digestAt(body, [...resource, 'digest']) ?? digestAt(body, [...resource, 'tag']);
  if (tag === null && digest === null) return NOT_ADDRESSABLE;
  const place = placeAt(body, [...resource, 'resource_url']);
  const repository =
    repositoryAt(body, [data, 'repository', 'repo_full_name']) ??
    place?.repository ??
    repositoryInParts(body, [data, 'repository']);
  if (repository === null) return unreadable(`/${data}/repository/repo_full_name`, 'No repository is named.');
  const registry = place?.registry ?? configuredRegistry(input);
  return one(imageFact({ ...shared, registry, repository, tag, digest }));
}

function originOf(actor: Field<string> | null): Field<Origin> {
  if (actor === null) return known('user');
  const { value, pointer } = actor;
  const service = ORIGINS.get(value);
  if (service !== undefined) return { value: service, pointer };
  if (!value.startsWith(ROBOT)) return { value: 'user', pointer };
  return { value: SCANNER_ROBOT.test(value) ? 'scanner' : 'ci', pointer };
}
