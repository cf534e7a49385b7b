/**
 * Amazon ECR through EventBridge (docs.aws.amazon.com, "Amazon ECR events and EventBridge"). The events of a region name
 * the registry by its account; the digests of the documentation are too short, real ones are not.
 */
import type { ImageFact, Origin } from '../fact.ts';
import { ecrRegistry } from './ecr-registry.ts';
import { at, type Field, isObject, known, textAt } from './fields.ts';
import { configuredRegistry, digestAt, imageFact, repositoryAt, tagAt, timeAt } from './image.ts';
import { isChartConfig, isManifest } from './media-type.ts';
import { ignored, one, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

interface Action {
  event: string;
  /** The `action-type`; null where there is only one. */
  action: string | null;
  /** The member that says how it ended. */
  outcome: 'result' | 'sync-status';
  kind: ImageFact['kind'];
  origin: Origin;
}

/** What pushes or deletes an image. Scans, referrers and moves to and from the archive do not. */
const ACTIONS: readonly Action[] = [
  { event: 'ECR Image Action', action: 'PUSH', outcome: 'result', kind: 'image.push', origin: 'user' },
  { event: 'ECR Image Action', action: 'DELETE', outcome: 'result', kind: 'image.delete', origin: 'user' },
  {
    event: 'ECR Replication Action',
    action: 'REPLICATE',
    outcome: 'result',
    kind: 'image.push',
    origin: 'replication',
  },
  {
    event: 'ECR Pull Through Cache Action',
    action: null,
    outcome: 'sync-status',
    kind: 'image.push',
    origin: 'proxy-cache',
  },
];
const DONE = 'SUCCESS';
const MAX_WORD = 255;

/** Reads one event. */
export const readEcr: Reader = (input) => {
  const { body } = input;
  if (!isObject(body)) return unreadable('', 'The body is not a JSON object.');
  const event = textAt(body, ['detail-type'], MAX_WORD);
  if (event === null) return unreadable('/detail-type', 'The event has no type.');
  const type = at(body, ['detail', 'action-type']);
  const action = ACTIONS.find((row) => row.event === event.value && (row.action === null || row.action === type));
  if (action === undefined) return ignored('An event that neither pushes nor deletes an image.');
  if (at(body, ['detail', action.outcome]) !== DONE) return ignored('It did not succeed, so no image was changed.');
  return readImage(input, action);
};

function readImage(input: ReaderInput, { action, kind, origin }: Action): Reading {
  const { body } = input;
  const mediaType = textAt(body, ['detail', 'manifest-media-type'], MAX_WORD);
  if (mediaType !== null && !isManifest(mediaType.value)) return ignored('An artifact that is no image.');
  const repository = repositoryAt(body, ['detail', 'repository-name']);
  if (repository === null) return unreadable('/detail/repository-name', 'No repository is named.');
  const tag = tagAt(body, ['detail', 'image-tag']);
  const digest = digestAt(body, ['detail', 'image-digest']);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was changed.');
  const isChart = kind === 'image.push' && isChartConfig(at(body, ['detail', 'artifact-media-type']));
  const fact = imageFact({
    kind: { value: isChart ? 'chart.push' : kind, pointer: action === null ? '/detail-type' : '/detail/action-type' },
    registry: registryOf(body) ?? configuredRegistry(input),
    repository,
    tag,
    digest,
    time: timeAt(input, ['time']),
    actor: null,
    origin: origin === 'user' ? known(origin) : { value: origin, pointer: '/detail-type' },
  });
  return one(fact);
}

/** An image that was replicated is in the registry it went to, which is the one that sends the event. */
function registryOf(body: unknown): Field<string> | null {
  const [account, region] = [textAt(body, ['account'], MAX_WORD), textAt(body, ['region'], MAX_WORD)];
  const host = account && region && ecrRegistry(account.value, region.value);
  return account === null || host === null ? null : { value: host, pointer: account.pointer };
}
