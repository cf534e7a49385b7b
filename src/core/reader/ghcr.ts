/**
 * GitHub Packages: `package` and `registry_package` events (docs.github.com, "Webhook events and payloads"), of which
 * those of containers count. Both are sent for one push to a webhook that has both switched on.
 */
import type { ImageFact, Origin } from '../fact.ts';
import { at, type Field, isObject, known, type Path, textAt } from './fields.ts';
import { githubEvent, readPing } from './github-event.ts';
import {
  actorAt,
  asRepository,
  digestAt,
  imageFact,
  placeAt,
  repositoryAt,
  type TimeField,
  tagAt,
  timeAt,
} from './image.ts';
import { isChartConfig } from './media-type.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** GitHub's container registry; GitHub Enterprise Server names its own in `package_url`. */
const GHCR = 'ghcr.io';

/** The name of an event is also that of the member which holds the package. */
const PACKAGE_EVENTS: ReadonlySet<string> = new Set(['package', 'registry_package']);

/** `create` is what the first `package` events of 2020 said. */
const PUSHES: ReadonlySet<string> = new Set(['published', 'updated', 'create']);

/** Types that mean a container, in lower case; `docker` was the registry before this one. */
const CONTAINERS: ReadonlySet<string> = new Set(['container', 'docker']);

const MAX_NAME = 255;

/** An image's place: its registry and its path there. */
type Place = Record<'registry' | 'repository', Field<string>>;

/** Reads events of packages; whatever else such a webhook was set up to send is ignored. */
export const readGhcr: Reader = (input) => {
  const event = githubEvent(input);
  if (event === 'ping') return readPing(input);
  if (event !== null && !PACKAGE_EVENTS.has(event)) return ignored('An event that is not about a package.');
  return readPackage(input);
};

/** Reads one event of a package. */
export function readPackage(input: ReaderInput): Reading {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const root = [...PACKAGE_EVENTS].find((name) => isObject(at(body, [name])));
  if (root === undefined) return unreadable('/package', 'There is no package.');
  if (!isContainer(body, root)) return ignored('A package that is no container image.');
  const action = textAt(body, ['action'], MAX_NAME);
  if (action === null) return unreadable('/action', 'The event has no action.');
  if (!PUSHES.has(action.value)) return ignored('Nothing was published.');
  return readImage(input, root, action);
}

function readImage(input: ReaderInput, root: string, action: Field<string>): Reading {
  const { body } = input;
  const place = placeOf(input, root);
  if (place === null) return unreadable(`/${root}/package_version/package_url`, 'No repository is named.');
  const tag = tagOf(body, root);
  const digest = digestOf(body, root);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was pushed.');
  const actor = actorAt(body, ['sender', 'login']);
  const fact = imageFact({
    kind: kindOf(body, root, action),
    ...place,
    tag,
    digest,
    time: timeOf(input, root),
    actor,
    origin: originOf(body, actor),
  });
  return one(fact);
}

/** The version's own metadata says it best: `ecosystem` and `package_type` contradict each other in real payloads. */
function isContainer(body: unknown, root: string): boolean {
  if (isObject(at(body, [root, 'package_version', 'container_metadata']))) return true;
  const places: readonly Path[] = [
    [root, 'registry', 'type'],
    [root, 'package_type'],
    [root, 'ecosystem'],
  ];
  const type = places.map((path) => textAt(body, path, MAX_NAME)).find((field) => field !== null);
  return type !== undefined && CONTAINERS.has(type.value.toLowerCase());
}

function kindOf(body: unknown, root: string, action: Field<string>): Field<ImageFact['kind']> {
  const media = at(body, [root, 'package_version', 'container_metadata', 'manifest', 'config', 'media_type']);
  return { value: isChartConfig(media) ? 'chart.push' : 'image.push', pointer: action.pointer };
}

/** The pull address, else the registry's (2019), else owner and name: `namespace` is not always the owner. */
function placeOf(input: ReaderInput, root: string): Place | null {
  const { body } = input;
  const pulled = placeAt(body, [root, 'package_version', 'package_url']);
  if (pulled !== null) return pulled;
  const listed = placeAt(body, [root, 'registry', 'url']);
  if (listed?.registry.value === GHCR && listed.repository.value.includes('/')) return listed;
  const registry = known(input.registry ?? GHCR);
  const repository = ownedBy(body, root, [root, 'owner', 'login']) ?? ownedBy(body, root, [root, 'namespace']);
  return repository && { registry, repository };
}

function ownedBy(body: unknown, root: string, path: Path): Field<string> | null {
  const owner = textAt(body, path, MAX_NAME);
  const name = repositoryAt(body, [root, 'name']);
  if (owner === null || name === null) return null;
  return asRepository({ value: `${owner.value.split('/', 1)[0]}/${name.value}`, pointer: name.pointer });
}

/** `name` is empty for what was pushed by digest. In 2019 the version was the tag; since 2020 it is the digest. */
function tagOf(body: unknown, root: string): Field<string> | null {
  const version: Path = [root, 'package_version'];
  if (!isObject(at(body, [...version, 'container_metadata']))) return tagAt(body, [...version, 'version']);
  return tagAt(body, [...version, 'container_metadata', 'tag', 'name']);
}

/** `tag.digest` holds a commit in some payloads, so the version comes first. */
function digestOf(body: unknown, root: string): Field<string> | null {
  const version: Path = [root, 'package_version'];
  const places: readonly Path[] = [['version'], ['name'], ['container_metadata', 'tag', 'digest']];
  return places.map((place) => digestAt(body, [...version, ...place])).find((digest) => digest !== null) ?? null;
}

/** The year 1 stands in the version of most payloads; then the package says when it changed. */
function timeOf(input: ReaderInput, root: string): TimeField | null {
  return (
    timeAt(input, [root, 'package_version', 'updated_at']) ??
    timeAt(input, [root, 'package_version', 'created_at']) ??
    timeAt(input, [root, 'updated_at'])
  );
}

/** Apps, GitHub Actions among them, push as bots. */
function originOf(body: unknown, actor: Field<string> | null): Field<Origin> {
  if (actor?.value.endsWith('[bot]')) return { value: 'ci', pointer: actor.pointer };
  return at(body, ['sender', 'type']) === 'Bot' ? { value: 'ci', pointer: '/sender/type' } : known('user');
}
