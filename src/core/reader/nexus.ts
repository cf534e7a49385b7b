/**
 * Repository webhooks of Sonatype Nexus Repository (help.sonatype.com, "Example headers and payloads"). They name no
 * host: it is the source's.
 */
import type { ImageFact } from '../fact.ts';
import { at, type Field, isObject, known, textAt } from './fields.ts';
import { configuredRegistry, digestAt, imageFact, repositoryAt, tagAt, timeAt } from './image.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

const EVENT_HEADER = 'x-nexus-webhook-id';
/** An image's assets are its manifests and layers; the component is the image with its tag. */
const COMPONENT_EVENT = 'rm:repository:component';
const KINDS: ReadonlyMap<string, ImageFact['kind']> = new Map([
  ['CREATED', 'image.push'],
  ['UPDATED', 'image.push'],
  ['DELETED', 'image.delete'],
]);
const DOCKER = 'docker';
const MAX_WORD = 255;
/** `user/address` of who asked for it; user names of directories may have slashes. */
const ADDRESS = /\/[^/]*$/;

/** Reads one event of a component. */
export const readNexus: Reader = (input) => {
  const { body } = input;
  const event = at(input.headers, [EVENT_HEADER]);
  if (typeof event === 'string' && event.toLowerCase() !== COMPONENT_EVENT) {
    return ignored('An event that is not about a component.');
  }
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  if (!isObject(body.component)) {
    return isObject(body.asset)
      ? ignored('A part of a component.')
      : unreadable('/component', 'There is no component.');
  }
  if (at(body, ['component', 'format']) !== DOCKER) return ignored('A component that is no Docker image.');
  const action = textAt(body, ['action'], MAX_WORD);
  if (action === null) return unreadable('/action', 'The event has no action.');
  const kind = KINDS.get(action.value);
  if (kind === undefined) return ignored('An action that neither pushes nor deletes an image.');
  return readImage(input, { value: kind, pointer: action.pointer });
};

function readImage(input: ReaderInput, kind: Field<ImageFact['kind']>): Reading {
  const { body } = input;
  const repository = repositoryAt(body, ['component', 'name']);
  if (repository === null) return unreadable('/component/name', 'No image is named.');
  const tag = tagAt(body, ['component', 'version']);
  const digest = digestAt(body, ['component', 'version']);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was changed.');
  const fact = imageFact({
    kind,
    registry: configuredRegistry(input),
    repository,
    tag,
    digest,
    time: timeAt(input, ['timestamp']),
    actor: actorOf(body),
    origin: known('user'),
  });
  return one(fact);
}

function actorOf(body: unknown): Field<string> | null {
  const initiator = textAt(body, ['initiator'], MAX_WORD);
  const user = initiator?.value.replace(ADDRESS, '') ?? '';
  return initiator === null || user === '' ? null : { value: user, pointer: initiator.pointer };
}
