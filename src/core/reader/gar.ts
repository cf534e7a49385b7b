/**
 * Google Artifact Registry (and Container Registry, under the same topic `gcr`) through a Pub/Sub push subscription:
 * cloud.google.com/artifact-registry/docs/configure-notifications, cloud.google.com/pubsub/docs/push. The message is
 * base64 in `message.data`, or the whole body where the subscription unwraps payloads.
 */
import type { ImageFact } from '../fact.ts';
import { INBOUND_LIMITS } from '../inbound-limits.ts';
import { parseJson } from '../json.ts';
import { fromBase64 } from '../signature/encoding.ts';
import { at, type Field, isObject, known, textAt } from './fields.ts';
import { asDigest, asTag, asTime, imageFact, placeAt, type TimeField, timeAt } from './image.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

const KINDS: ReadonlyMap<unknown, ImageFact['kind']> = new Map([
  ['INSERT', 'image.push'],
  ['DELETE', 'image.delete'],
]);
const DATA = ['message', 'data'] as const;
/** Two references and a word take some hundred bytes. */
const MAX_DATA_CHARS = 16_384;
const MAX_REF_CHARS = 1024;
/** Set on unwrapped messages when the subscription has «write metadata». */
const PUBLISHED_HEADER = 'x-goog-pubsub-publish-time';

/** What the registry published, and where its fields point: each to its own place, or all to the encoded data. */
interface Notice {
  says: unknown;
  pointer: (name: string) => string;
  time: TimeField | null;
}

/** Reads one message. Other publishers may share the topic: what is not the registry's is ignored. */
export const readGar: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  if (isObject(body.message)) return readNotice(wrapped(input));
  if (Object.hasOwn(body, 'action')) return readNotice(unwrapped(input));
  return unreadable('/message', 'There is no Pub/Sub message.');
};

function wrapped(input: ReaderInput): Notice {
  const data = textAt(input.body, DATA, MAX_DATA_CHARS);
  const bytes = data === null ? null : fromBase64(data.value);
  const parsed = bytes === null ? null : parseJson(bytes, INBOUND_LIMITS);
  const time = timeAt(input, ['message', 'publishTime']) ?? timeAt(input, ['message', 'publish_time']);
  return { says: parsed?.kind === 'parsed' ? parsed.value : null, pointer: () => `/${DATA.join('/')}`, time };
}

function unwrapped(input: ReaderInput): Notice {
  const { body, headers } = input;
  const published = { value: at(headers, [PUBLISHED_HEADER]), pointer: `header:${PUBLISHED_HEADER}` };
  return { says: body, pointer: (name) => `/${name}`, time: asTime(input, published, PUBLISHED_HEADER) };
}

function readNotice({ says, pointer, time }: Notice): Reading {
  const kind = KINDS.get(at(says, ['action']));
  const [byDigest, byTag] = [placeAt(says, ['digest']), placeAt(says, ['tag'])];
  const place = byDigest ?? byTag;
  if (kind === undefined || place === null) return ignored('The message is not about an image in a registry.');
  const tag = byTag && after(says, 'tag', /^.*:/, asTag);
  const digest = byDigest && after(says, 'digest', /^[^@]*@/, asDigest);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was changed.');
  const from = pointer(byDigest === null ? 'tag' : 'digest');
  const fact = imageFact({
    kind: { value: kind, pointer: pointer('action') },
    registry: { value: place.registry.value, pointer: from },
    repository: { value: place.repository.value, pointer: from },
    tag: tag && { value: tag.value, pointer: pointer('tag') },
    digest: digest && { value: digest.value, pointer: pointer('digest') },
    time,
    actor: null,
    origin: known('user'),
  });
  return one(fact);
}

/** What follows the name in a reference, when it is what it should be. */
function after(
  says: unknown,
  name: string,
  head: RegExp,
  as: (field: Field<string>) => Field<string> | null,
): Field<string> | null {
  const ref = textAt(says, [name], MAX_REF_CHARS);
  return ref && as({ ...ref, value: ref.value.replace(head, '') });
}
