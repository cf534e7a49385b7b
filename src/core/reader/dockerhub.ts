/** Docker Hub's repository webhook (docs.docker.com, "Docker Hub webhooks"). */
import { DOCKER_HUB } from '../image-ref.ts';
import { type Field, isObject, known, type Path } from './fields.ts';
import { actorAt, digestAt, imageFact, inLibrary, repositoryAt, repositoryInParts, tagAt, timeAt } from './image.ts';
import { ignored, one, type Reader, unreadable } from './reading.ts';

const TAG: Path = ['push_data', 'tag'];
/** Empty or absent today; old payloads hold layer ids here, which are no digests. */
const DIGEST: Path = ['push_data', 'images', 0];

/** Reads one push. `callback_url` is never called: whoever may post here would choose whom we call. */
export const readDockerHub: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  if (!isObject(body.push_data)) return unreadable('/push_data', 'There is no push_data.');
  const repository = repositoryOf(body);
  if (repository === null) return unreadable('/repository/repo_name', 'No repository is named.');
  const tag = tagAt(body, TAG);
  const digest = digestAt(body, DIGEST);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was pushed.');
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
  return one(fact);
};

function repositoryOf(body: unknown): Field<string> | null {
  const whole = repositoryAt(body, ['repository', 'repo_name']);
  if (whole?.value.includes('/')) return whole;
  return repositoryInParts(body, ['repository']) ?? (whole && inLibrary(whole));
}
