/**
 * Package webhooks of Gitea and Forgejo (gitea, modules/structs/package.go and services/webhook/notifier.go), of which
 * those of containers count. They belong to the owner of the packages, and most name no repository of code.
 */
import type { ImageFact, Origin } from '../fact.ts';
import { at, type Field, isObject, known, textAt } from './fields.ts';
import {
  actorAt,
  asRepository,
  configuredRegistry,
  digestAt,
  hostAt,
  imageFact,
  repositoryAt,
  tagAt,
  timeAt,
} from './image.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** Forgejo sends both. */
const EVENT_HEADERS: readonly string[] = ['x-gitea-event', 'x-forgejo-event'];
const PACKAGE_EVENT = 'package';
const CONTAINER = 'container';
const KINDS: ReadonlyMap<string, ImageFact['kind']> = new Map([
  ['created', 'image.push'],
  ['deleted', 'image.delete'],
]);
/** The account that workflows push with when they use their own token (gitea, models/user/user_system.go). */
const WORKFLOWS: ReadonlySet<string> = new Set(['gitea-actions', 'forgejo-actions']);
const MAX_WORD = 255;

/** Reads one event of a package. */
export const readGiteaPackage: Reader = (input) => {
  const { body, headers } = input;
  const event = EVENT_HEADERS.map((name) => at(headers, [name])).find((name) => name !== undefined);
  if (event !== undefined && event !== PACKAGE_EVENT) return ignored('An event that is not about a package.');
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  if (!isObject(body.package)) return unreadable('/package', 'There is no package.');
  if (body.package.type !== CONTAINER) return ignored('A package that is no container image.');
  const action = textAt(body, ['action'], MAX_WORD);
  if (action === null) return unreadable('/action', 'The event has no action.');
  const kind = KINDS.get(action.value);
  if (kind === undefined) return ignored('An action that neither pushes nor deletes an image.');
  return readImage(input, { value: kind, pointer: action.pointer });
};

/** What was pushed by digest has it for its version. Gitea writes versions in lower case, tags among them. */
function readImage(input: ReaderInput, kind: Field<ImageFact['kind']>): Reading {
  const { body } = input;
  const repository = repositoryOf(body);
  if (repository === null) return unreadable('/package/name', 'No repository is named.');
  const tag = tagAt(body, ['package', 'version']);
  const digest = digestAt(body, ['package', 'version']);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was changed.');
  const actor = actorAt(body, ['sender', 'login']);
  const fact = imageFact({
    kind,
    registry: hostAt(body, ['package', 'html_url']) ?? configuredRegistry(input),
    repository,
    tag,
    digest,
    // It says when the version came, not when it went.
    time: kind.value === 'image.delete' ? null : timeAt(input, ['package', 'created_at']),
    actor,
    origin: originOf(actor),
  });
  return one(fact);
}

function repositoryOf(body: unknown): Field<string> | null {
  const owner = textAt(body, ['package', 'owner', 'login'], MAX_WORD);
  const name = repositoryAt(body, ['package', 'name']);
  if (owner === null || name === null || owner.value.includes('/')) return null;
  return asRepository({ value: `${owner.value}/${name.value}`, pointer: '/package' });
}

function originOf(actor: Field<string> | null): Field<Origin> {
  return actor !== null && WORKFLOWS.has(actor.value) ? { value: 'ci', pointer: actor.pointer } : known('user');
}
