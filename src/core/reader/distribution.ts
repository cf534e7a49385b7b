/**
 * Notifications of the Distribution registry (distribution.github.io, "Work with notifications"), which the registries
 * of GitLab and others are built on. One push is many events, in one request or in twenty.
 */

import type { ImageFact } from '../fact.ts';
import { pointerOf } from '../pointer.ts';
import { at, type Field, isObject, known, listAt, type Path, textAt } from './fields.ts';
import {
  actorAt,
  configuredRegistry,
  digestAt,
  hostAt,
  type ImageParts,
  imageFact,
  repositoryAt,
  tagAt,
  timeAt,
} from './image.ts';
import { isChartConfig, isManifest } from './media-type.ts';
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

const MAX_WORD = 255;
/** Descriptors of one manifest that are looked at for its configuration, which stands first. */
const MAX_REFERENCES = 16;

/** Reads every event of one envelope. */
export const readDistribution: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const events = listAt(body, ['events']);
  if (events === null) return unreadable('/events', 'There is no list of events.');
  if (events.length > MAX_FACTS) return unreadable('/events', `More than ${MAX_FACTS} events.`);
  return gathered(
    [...events.keys()].map((index) => readEvent(input, ['events', index])),
    NO_IMAGE,
  );
};

const NO_IMAGE = ignored('No event is the push or deletion of an image; pulls, mounts and layers are none.');

function readEvent(input: ReaderInput, event: Path): Reading {
  const { body } = input;
  const target: Path = [...event, 'target'];
  const kind = kindOf(body, event);
  const tag = tagAt(body, [...target, 'tag']);
  const digest = digestAt(body, [...target, 'digest']);
  if (kind === null || (tag === null && digest === null)) return NO_IMAGE;
  const named: Path = [...target, 'repository'];
  const repository = repositoryAt(body, named);
  if (repository === null) return unreadable(pointerOf(named), 'No repository is named.');
  const fact = imageFact({
    kind,
    registry: registryOf(input, event),
    repository,
    tag,
    digest,
    time: timeAt(input, [...event, 'timestamp']),
    actor: actorAt(body, [...event, 'actor', 'name']),
    origin: known('user'),
  });
  return one(fact);
}

/** null for whatever is neither the push nor the deletion of a manifest. */
function kindOf(body: unknown, event: Path): ImageParts['kind'] | null {
  const action = textAt(body, [...event, 'action'], MAX_WORD);
  const target: Path = [...event, 'target'];
  const type = textAt(body, [...target, 'mediaType'], MAX_WORD);
  if (action === null || (type !== null && !isManifest(type.value))) return null;
  const as = (kind: ImageFact['kind']) => ({ value: kind, pointer: action.pointer });
  // Deletions have no media type, and only manifests have tags (distribution, notifications/bridge.go).
  if (action.value === 'delete') return as('image.delete');
  if (action.value !== 'push') return null;
  if (type === null && tagAt(body, [...target, 'tag']) === null) return null;
  return as(isChart(body, target) ? 'chart.push' : 'image.push');
}

/** The descriptors a manifest refers to are sent only by registries with `includereferences`. */
function isChart(body: unknown, target: Path): boolean {
  const references = listAt(body, [...target, 'references']) ?? [];
  return references.slice(0, MAX_REFERENCES).some((reference) => isChartConfig(at(reference, ['mediaType'])));
}

/** The host the client pushed to; the address of the node that noticed it is the last resort. */
function registryOf(input: ReaderInput, event: Path): Field<string> | null {
  const { body } = input;
  return (
    hostAt(body, [...event, 'request', 'host']) ??
    hostAt(body, [...event, 'target', 'url']) ??
    configuredRegistry(input) ??
    hostAt(body, [...event, 'source', 'addr'])
  );
}
