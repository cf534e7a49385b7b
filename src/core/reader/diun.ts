/** The webhook of Diun (crazymax.dev/diun, "Webhook"): a watched tag is new, or points to something else now. */
import { DOCKER_HUB, MAX_REF_LENGTH, parseImageRef } from '../image-ref.ts';
import { isObject, known, textAt } from './fields.ts';
import { digestAt, imageFact, namesHost } from './image.ts';
import { ignored, one, type Reader, type Reading, unreadable } from './reading.ts';

const NOTICES: ReadonlySet<unknown> = new Set(['new', 'update']);
/** What `diun notif test` says is new (diun, internal/grpc/notif.go). */
const TEST_REPOSITORY = 'diun/testnotif';
const IMAGE = '/image';

/** Reads one image. The sender gives no time: `created` is when the image was built. */
export const readDiun: Reader = ({ body }) => {
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const image = textAt(body, ['image'], MAX_REF_LENGTH);
  if (image === null) return unreadable(IMAGE, 'No image is named.');
  const parsed = parseImageRef(image.value);
  if (parsed.kind === 'refused') return unreadable(IMAGE, `The image is no reference: ${parsed.reason}.`);
  const { registry, repository, tag, digest } = parsed.ref;
  if (registry === DOCKER_HUB && repository === TEST_REPOSITORY) return testOf(repository);
  if (!NOTICES.has(body.status)) return ignored('The image is neither new nor changed.');
  const said = digestAt(body, ['digest']) ?? (digest === null ? null : { value: digest, pointer: IMAGE });
  if (tag === null && said === null) return ignored('No tag and no digest: nothing addressable.');
  const fact = imageFact({
    kind: { value: 'image.available', pointer: '/status' },
    registry: registry === null ? null : { value: registry, pointer: namesHost(image.value) ? IMAGE : null },
    repository: { value: repository, pointer: IMAGE },
    tag: tag === null ? null : { value: tag, pointer: IMAGE },
    digest: said,
    time: null,
    actor: null,
    origin: known('user'),
  });
  return one(fact);
};

function testOf(repository: string): Reading {
  const ping = { fact: { kind: 'ping', repository }, provenance: { repository: IMAGE } } as const;
  return { kind: 'handshake', reason: 'A test of the notifier.', facts: [ping], echo: null };
}
