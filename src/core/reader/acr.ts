/** Webhooks of Azure Container Registry (learn.microsoft.com, "Azure Container Registry webhook reference"). */

import type { ReadFact } from '../fact.ts';
import { pointerOf } from '../pointer.ts';
import { type Field, isObject, known, type Path, textAt } from './fields.ts';
import {
  actorAt,
  configuredRegistry,
  digestAt,
  hostAt,
  type ImageParts,
  imageFact,
  provenanceOf,
  repositoryAt,
  tagAt,
  timeAt,
} from './image.ts';
import { isManifest } from './media-type.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

type Kind = ImageParts['kind'];

/** The others are `quarantine`, after which the image cannot be pulled yet, and `chart_delete`. */
const KINDS: ReadonlyMap<string, Kind['value']> = new Map([
  ['push', 'image.push'],
  ['delete', 'image.delete'],
  ['chart_push', 'chart.push'],
]);
/** What `az acr webhook ping` sends. */
const PING = 'ping';
const MAX_WORD = 255;

/** Reads one event. */
export const readAcr: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const action = textAt(body, ['action'], MAX_WORD);
  if (action === null) return unreadable('/action', 'The event has no action.');
  if (action.value === PING) return pinged(action);
  const kind = KINDS.get(action.value);
  if (kind === undefined) return ignored('An action that neither pushes nor deletes an image.');
  return readAcrNotice(input, [], { value: kind, pointer: action.pointer });
};

/**
 * Reads what happened to one image or chart, which Event Grid sends in the same words as the data of its events. A
 * deletion counts even if it names neither a tag nor a digest. The host is missing for charts.
 * @param notice where it stands
 */
export function readAcrNotice(input: ReaderInput, notice: Path, kind: Kind): Reading {
  const { body } = input;
  const target: Path = [...notice, 'target'];
  const mediaType = textAt(body, [...target, 'mediaType'], MAX_WORD);
  if (kind.value !== 'chart.push' && mediaType !== null && !isManifest(mediaType.value)) {
    return ignored('An artifact that is no image.');
  }
  const repository = repositoryAt(body, [...target, 'repository']);
  if (repository === null) return unreadable(pointerOf([...target, 'repository']), 'No repository is named.');
  const tag = tagAt(body, [...target, 'tag']);
  const digest = digestAt(body, [...target, 'digest']);
  if (kind.value !== 'image.delete' && tag === null && digest === null) {
    return ignored('No tag and no digest: nothing addressable was pushed.');
  }
  const fact = imageFact({
    kind,
    registry: hostAt(body, [...notice, 'request', 'host']) ?? configuredRegistry(input),
    repository,
    tag,
    digest,
    time: timeAt(input, [...notice, 'timestamp']),
    actor: actorAt(body, [...notice, 'actor', 'name']),
    origin: known('user'),
  });
  return one(fact);
}

function pinged({ pointer }: Field<string>): Reading {
  const kind: Field<'ping'> = { value: 'ping', pointer };
  const ping: ReadFact = { fact: { kind: kind.value, repository: null }, provenance: provenanceOf({ kind }) };
  return { kind: 'handshake', reason: 'Azure tests the connection.', facts: [ping], echo: null };
}
