/** Our own payload, `{"image": "registry/org/app:tag"}` (seed 003), and the split form `{"name": …, "tag": …}`. */
import { DOCKER_HUB, MAX_REF_LENGTH, parseImageRef } from '../image-ref.ts';
import { type Field, isObject, known, textAt } from './fields.ts';
import { imageFact, namesHost } from './image.ts';
import { one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

const MAX_TAG = 128;

/** Reads one push. Posts come from build pipelines, so its origin is `ci`. */
export const readNative: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  if (Object.hasOwn(body, 'image')) {
    const image = textAt(body, ['image'], MAX_REF_LENGTH);
    if (image === null) return wrong('/image', 'not an image reference');
    return isNothing(body.tag)
      ? readRef(input, image, '/image')
      : readTagged(input, image, textAt(body, ['tag'], MAX_TAG));
  }
  if (!Object.hasOwn(body, 'name')) return wrong('/image', 'missing');
  const name = textAt(body, ['name'], MAX_REF_LENGTH);
  if (name === null) return wrong('/name', 'not an image name');
  const tag = textAt(body, ['tag'], MAX_TAG);
  if (tag === null) return wrong('/tag', Object.hasOwn(body, 'tag') ? 'not a text that is a tag' : 'missing');
  return readRef(input, { value: `${name.value}:${tag.value}`, pointer: '/name' }, '/tag');
};

/** An empty text is what a template makes of a variable that nobody set. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** An image with a tag beside it: the tag that it leaves out, or the same one. */
function readTagged(input: ReaderInput, image: Field<string>, tag: Field<string> | null): Reading {
  if (tag === null) return wrong('/tag', 'not a text that is a tag');
  const parsed = parseImageRef(image.value, input.registry ?? DOCKER_HUB);
  if (parsed.kind === 'ref' && parsed.ref.tag === tag.value) return readRef(input, image, '/image');
  if (parsed.kind === 'ref' && parsed.ref.tag !== null) return wrong('/tag', 'not what the image reference says');
  const [name, ...digest] = image.value.split('@');
  return readRef(input, { ...image, value: [`${name}:${tag.value}`, ...digest].join('@') }, '/tag');
}

function readRef(input: ReaderInput, { value: text, pointer }: Field<string>, tagPointer: string): Reading {
  const parsed = parseImageRef(text, input.registry ?? DOCKER_HUB);
  if (parsed.kind === 'refused') return wrong(pointer ?? '', parsed.reason);
  const { registry, repository, tag, digest } = parsed.ref;
  const shown = tag ?? defaultTag(digest);
  const fact = imageFact({
    kind: { value: 'image.push', pointer },
    registry: registry === null ? null : { value: registry, pointer: namesHost(text) ? pointer : null },
    repository: { value: repository, pointer },
    tag: shown === null ? null : { value: shown, pointer: tag === null ? null : tagPointer },
    digest: digest === null ? null : { value: digest, pointer: tagPointer },
    time: null,
    actor: null,
    origin: known('ci'),
  });
  return one(fact);
}

/** A name alone means `latest`, as it does to `docker pull`; a name with a digest means no tag at all. */
function defaultTag(digest: string | null): string | null {
  return digest === null ? 'latest' : null;
}

function wrong(pointer: string, fault: string): Reading {
  return unreadable(pointer, `The field ${pointer.slice(1)} of the body: ${fault}.`);
}
