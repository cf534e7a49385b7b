/**
 * The HTTP trigger of What's up Docker (getwud.github.io/wud, "HTTP"): a watched container for which a newer image is
 * there, or a list of them in batch mode. `image` is what runs; `result` is what could.
 */

import { DOCKER_HUB } from '../image-ref.ts';
import { pointerOf } from '../pointer.ts';
import { at, type Field, isObject, known, type Path } from './fields.ts';
import { configuredRegistry, digestAt, hostAt, imageFact, inLibrary, repositoryAt, tagAt } from './image.ts';
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

/** The host behind Docker Hub, by which the sender knows it. */
const HUB_HOST = 'registry-1.docker.io';

/** Reads every container. The sender gives no time: `created` is when the image was built. */
export const readWud: Reader = (input) => {
  const { body } = input;
  if (Array.isArray(body) && body.length > MAX_FACTS) return unreadable('', `More than ${MAX_FACTS} containers.`);
  const containers: Path[] = Array.isArray(body) ? [...body.keys()].map((index) => [index]) : [[]];
  return gathered(
    containers.map((container) => readContainer(input, container)),
    NOTHING_NEW,
  );
};

const NOTHING_NEW = ignored('No newer image is named.');

function readContainer(input: ReaderInput, container: Path): Reading {
  const { body } = input;
  const image: Path = [...container, 'image'];
  if (!isObject(at(body, image))) return unreadable(pointerOf(image), 'There is no container with an image.');
  const tag = tagAt(body, [...container, 'result', 'tag']);
  const digest = digestAt(body, [...container, 'result', 'digest']);
  if (at(body, [...container, 'updateAvailable']) === false || (tag === null && digest === null)) return NOTHING_NEW;
  const name = repositoryAt(body, [...image, 'name']);
  if (name === null) return unreadable(pointerOf([...image, 'name']), 'No repository is named.');
  const registry = registryOf(input, container);
  const fact = imageFact({
    kind: { value: 'image.available', pointer: pointerOf([...container, 'result']) },
    registry,
    repository: registry?.value === DOCKER_HUB ? inLibrary(name) : name,
    tag,
    digest,
    time: null,
    actor: null,
    origin: known('user'),
  });
  return one(fact);
}

/** Addresses end in `/v2` here. */
function registryOf(input: ReaderInput, container: Path): Field<string> | null {
  const host = hostAt(input.body, [...container, 'image', 'registry', 'url']);
  if (host?.value === HUB_HOST) return { value: DOCKER_HUB, pointer: host.pointer };
  return host ?? configuredRegistry(input);
}
