/**
 * Triggers of Alibaba Cloud Container Registry (alibabacloud.com/help, "Manage triggers"). They look like Docker Hub's,
 * but times have no zone and a digest stands beside the tag.
 */
import { type Field, isObject, known, textAt } from './fields.ts';
import { configuredRegistry, digestAt, imageFact, repositoryAt, repositoryInParts, tagAt, timeAt } from './image.ts';
import { ignored, one, type Reader, unreadable } from './reading.ts';

const REGION = /^[a-z]{2,}(?:-[a-z0-9]+)+$/;
const MAX_REGION = 63;

/** Reads one push. Registries with a host of their own (Enterprise Edition, VPC) have to be configured. */
export const readAliyun: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  if (!isObject(body.push_data)) return unreadable('/push_data', 'There is no push_data.');
  const repository = repositoryAt(body, ['repository', 'repo_full_name']) ?? repositoryInParts(body, ['repository']);
  if (repository === null) return unreadable('/repository/repo_full_name', 'No repository is named.');
  const tag = tagAt(body, ['push_data', 'tag']);
  const digest = digestAt(body, ['push_data', 'digest']);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was pushed.');
  const fact = imageFact({
    kind: { value: 'image.push', pointer: '/push_data' },
    registry: configuredRegistry(input) ?? ofRegion(body),
    repository,
    tag,
    digest,
    time: timeAt(input, ['push_data', 'pushed_at']),
    actor: null,
    origin: known('user'),
  });
  return one(fact);
};

/** The public host of the Personal Edition in the region of the repository. */
function ofRegion(body: unknown): Field<string> | null {
  const region = textAt(body, ['repository', 'region'], MAX_REGION);
  if (region === null || !REGION.test(region.value)) return null;
  return { value: `registry.${region.value}.aliyuncs.com`, pointer: region.pointer };
}
