/**
 * CDEvents 0.4 and 0.5 (cdevents.dev): alone, or as the data of a CloudEvent in any of its modes. Artifacts are named
 * by package URLs in the subject's id; those of the types `oci` and `docker` are images.
 */
import type { ImageFact } from '../fact.ts';
import { pointerOf } from '../pointer.ts';
import { isCloudEvents, readEach } from './cloudevent.ts';
import { at, isObject, known, type Path, textAt } from './fields.ts';
import { actorAt, imageFact, timeAt } from './image.ts';
import { readPurl } from './purl.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** `dev.cdevents.{subject}.{predicate}`, and a version that early events left out. */
const TYPE = /^dev\.cdevents\.([a-z]{1,50}\.[a-z]{1,50})(?:\.|$)/;
const MAX_TYPE_CHARS = 255;
/** The longest repository, tag and digest fit in, percent-encoded. */
const MAX_PURL_CHARS = 2048;

/** What becomes of an event, by subject and predicate. An artifact that is packaged or signed is nowhere to pull yet. */
const MEANINGS: ReadonlyMap<string, ImageFact['kind']> = new Map([
  ['artifact.published', 'image.push'],
  ['artifact.deleted', 'image.delete'],
]);

/** Reads every event of a request. They come from pipelines, so their origin is `ci`. */
export const readCdevents: Reader = (input) => {
  if (isCloudEvents(input)) return readEach(input, (event) => readCdevent(event, ['data']));
  return readCdevent(input, []);
};

function readCdevent(input: ReaderInput, top: Path): Reading {
  const { body } = input;
  const context: Path = [...top, 'context'];
  if (!isObject(at(body, context))) return unreadable(pointerOf(context), 'No CDEvent: there is no context.');
  const type = textAt(body, [...context, 'type'], MAX_TYPE_CHARS);
  if (type === null) return unreadable(pointerOf([...context, 'type']), 'The event has no type.');
  const kind = MEANINGS.get(TYPE.exec(type.value)?.[1] ?? '');
  if (kind === undefined) return ignored('An event type that publishes or deletes no artifact.');
  const subject: Path = [...top, 'subject'];
  const id = textAt(body, [...subject, 'id'], MAX_PURL_CHARS);
  if (id === null) return unreadable(pointerOf([...subject, 'id']), 'The artifact has no id.');
  const image = readPurl(id, input.registry);
  if (image === null) return ignored('The artifact is no container image, by its package URL.');
  if (image.tag === null && image.digest === null) return ignored('No tag and no digest: nothing addressable.');
  const fact = imageFact({
    kind: { value: kind, pointer: type.pointer },
    ...image,
    time: timeAt(input, [...context, 'timestamp']),
    actor: actorAt(body, [...subject, 'content', 'user']),
    origin: known('ci'),
  });
  return one(fact);
}
