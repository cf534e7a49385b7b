/** Docker Hub's repository webhook (docs.docker.com, "Docker Hub webhooks"). */
import { DOCKER_HUB } from '../image-ref.ts';
import { type Field, isObject, known, type Path, textAt } from './fields.ts';
import { actorAt, asRepository, digestAt, imageFact, repositoryAt, tagAt, timeAt } from './image.ts';
import type { Reader } from './reading.ts';

const TAG: Path = ['push_data', 'tag'];
/** Empty or absent today; old payloads hold layer ids here, which are no digests. */
const DIGEST: Path = ['push_data', 'images', 0];

/** Reads one push. `callback_url` is never called: whoever may post here would choose whom we call. */
export const readDockerHub: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return { kind: 'unreadable', reason: 'The body is not a JSON object.', pointer: '' };
  if (!isObject(body.push_data)) {
    return { kind: 'unreadable', reason: 'There is no push_data.', pointer: '/push_data' };
  }
  const repository = repositoryOf(body);
  if (repository === null) {
    return { kind: 'unreadable', reason: 'No repository is named.', pointer: '/repository/repo_name' };
  }
  const tag = tagAt(body, TAG);
  const digest = digestAt(body, DIGEST);
  if (tag === null && digest === null) {
    return { kind: 'ignored', reason: 'No tag and no digest: nothing addressable was pushed.' };
  }
  const fact = imageFact({
    kind: { value: 'image.push', pointer: '/push_data' },
    registry: known(input.registry ?? DOCKER_HUB),
    repository,
    tag,
    digest,
    time: timeAt(input, ['push_data', 'pushed_at']),
    actor: actorAt(body, ['push_data', 'pusher']),
    origin: known('user'),
  });
  return { kind: 'facts', facts: [fact] };
};

function repositoryOf(body: unknown): Field<string> | null {
  const whole = repositoryAt(body, ['repository', 'repo_name']);
  if (whole?.value.includes('/')) return whole;
  const namespace = textAt(body, ['repository', 'namespace'], 255);
  const name = textAt(body, ['repository', 'name'], 255);
  if (namespace === null || name === null) return whole && inLibrary(whole);
  return asRepository({ value: `${namespace.value}/${name.value}`, pointer: '/repository' });
}

/** Official images have one-word names that stand for `library/…`. */
function inLibrary({ value, pointer }: Field<string>): Field<string> {
  return { value: `library/${value}`, pointer };
}
