/**
 * The HTTP trigger of What's up Docker (getwud.github.io/wud, "HTTP"): a watched container for which a newer image is
 * there, or a list of them in batch mode. `image` is what runs; `result` is what could.
 */

import type { ReadFact } from '../fact.ts';
import { DOCKER_HUB } from '../image-ref.ts';
import { pointerOf } from '../pointer.ts';
import { at, type Field, isObject, known, type Path } from './fields.ts';
import { configuredRegistry, digestAt, hostAt, imageFact, inLibrary, repositoryAt, tagAt } from './image.ts';
import { ignored, MAX_FACTS, type Reader, type ReaderInput, unreadable } from './reading.ts';

/** The host behind Docker Hub, by which the sender knows it. */
const HUB_HOST = 'registry-1.docker.io';

/** Reads every container. The sender gives no time: `created` is when the image was built. */
export const readWud: Reader = (input) => {
  const { body } = input;
  if (Array.isArray(body) && body.length > MAX_FACTS) return unreadable('', `More than ${MAX_FACTS} containers.`);
  const containers: Path[] = Array.isArray(body) ? [...body.keys()].map((index) => [index]) : [[]];
  const facts: ReadFact[] = [];
  for (const container of containers) {
    if (!isObject(at(body, [...container, 'image']))) {
      return unreadable(pointerOf([...container, 'image']), 'There is no container with an image.');
    }
    const read = readContainer(input, container);
    if (read === 'no_repository') {
      return unreadable(pointerOf([...container, 'image', 'name']), 'No repository is named.');
    }
    if (read !== 'nothing_new') facts.push(read);
  }
  return facts.length > 0 ? { kind: 'facts', facts } : ignored('No newer image is named.');
};

function readContainer(input: ReaderInput, container: Path): ReadFact | 'no_repository' | 'nothing_new' {
  const { body } = input;
  const tag = tagAt(body, [...container, 'result', 'tag']);
  const digest = digestAt(body, [...container, 'result', 'digest']);
  if (at(body, [...container, 'updateAvailable']) === false || (tag === null && digest === null)) return 'nothing_new';
  const name = repositoryAt(body, [...container, 'image', 'name']);
  if (name === null) return 'no_repository';
  const registry = registryOf(input, container);
  return imageFact({
    kind: { value: 'image.available', pointer: pointerOf([...container, 'result']) },
    registry,
    repository: registry?.value === DOCKER_HUB ? inLibrary(name) : name,
    tag,
    digest,
    time: null,
    actor: null,
    origin: known('user'),
  });
}

/** Addresses end in `/v2` here. */
function registryOf(input: ReaderInput, container: Path): Field<string> | null {
  const host = hostAt(input.body, [...container, 'image', 'registry', 'url']);
  if (host?.value === HUB_HOST) return { value: DOCKER_HUB, pointer: host.pointer };
  return host ?? configuredRegistry(input);
}
