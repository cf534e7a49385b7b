/**
 * Quay's `repo_push` notification (docs.quay.io, "Repository notifications"; quay, notifications/notificationevent.py).
 */

import type { Origin } from '../fact.ts';
import { pointerOf } from '../pointer.ts';
import { at, type Field, isObject, known } from './fields.ts';
import {
  asTag,
  configuredRegistry,
  type ImageParts,
  imageFact,
  placeAt,
  repositoryAt,
  repositoryInParts,
  tagAt,
} from './image.ts';
import { ignored, MAX_FACTS, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

const QUAY = 'quay.io';
const TAGS = 'updated_tags';

/**
 * Reads one push: a fact for each tag. What the button «test notification» sends cannot be told from a push: the real
 * repository and the tags `latest` and `foo`.
 */
export const readQuay: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const place = placeAt(body, ['docker_url']);
  const repository = repositoryAt(body, ['repository']) ?? place?.repository ?? repositoryInParts(body, []);
  if (repository === null) return unreadable('/repository', 'No repository is named.');
  if (!Object.hasOwn(body, TAGS)) return ignored('A notification of something else than a push.');
  const registry = place?.registry ?? configuredRegistry(input) ?? known(QUAY);
  return readTags(input, registry, repository);
};

function readTags({ body }: ReaderInput, registry: Field<string>, repository: Field<string>): Reading {
  const tags = tagsOf(body);
  if (tags === 'no_list') return unreadable(`/${TAGS}`, `${TAGS} is neither a list nor an object.`);
  if (tags === 'too_many') return unreadable(`/${TAGS}`, `More than ${MAX_FACTS} tags.`);
  const fixed = { registry, repository, digest: null, time: null, actor: null, origin: known<Origin>('user') };
  const kind: ImageParts['kind'] = { value: 'image.push', pointer: `/${TAGS}` };
  const facts = tags.flatMap((tag) => (tag === null ? [] : [imageFact({ ...fixed, kind, tag })]));
  return facts.length > 0 ? { kind: 'facts', facts } : ignored('No tag was updated.');
}

/** A list of tags; until 2014 an object, from tags to image ids that are no digests. Counted before any is read. */
function tagsOf(body: unknown): (Field<string> | null)[] | 'no_list' | 'too_many' {
  const updated = at(body, [TAGS]);
  const named = isObject(updated) ? Object.keys(updated) : null;
  const listed = named ?? updated;
  if (!Array.isArray(listed)) return 'no_list';
  if (listed.length > MAX_FACTS) return 'too_many';
  if (named === null) return [...listed.keys()].map((index) => tagAt(body, [TAGS, index]));
  return named.map((tag) => asTag({ value: tag, pointer: pointerOf([TAGS, tag]) }));
}
