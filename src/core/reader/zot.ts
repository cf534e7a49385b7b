/** Events of zot (zotregistry.dev, "Events"; zot, pkg/extensions/events): CloudEvents, today in binary mode. */
import type { ImageFact } from '../fact.ts';
import { parseJson } from '../json.ts';
import { utf8 } from '../signature/encoding.ts';
import { readEach } from './cloudevent.ts';
import { at, type Field, known, textAt } from './fields.ts';
import { actorAt, configuredRegistry, digestAt, hostAt, imageFact, repositoryAt, tagAt, timeAt } from './image.ts';
import { isChartConfig, isManifest } from './media-type.ts';
import { ignored, one, type Reader, type ReaderInput, unreadable } from './reading.ts';

const KINDS: ReadonlyMap<string, 'image.push' | 'image.delete'> = new Map([
  ['zotregistry.image.updated', 'image.push'],
  ['zotregistry.image.deleted', 'image.delete'],
]);
const MAX_WORD = 255;
/**
 * Only what a chart is has to be told by its manifest: a config, a layer or two, and annotations. A batch may hold a
 * thousand of them.
 */
const MAX_CHART_CHARS = 65_536;
const CHART_LIMITS = { maxDepth: 32, maxMembers: 128, maxValues: 256 } as const;

/** Reads one push or deletion. Images that only failed the lint rules and new repositories are no pushes. */
export const readZot: Reader = (input) => readEach(input, readZotEvent);

/** Reads one event, given in structured mode. */
export const readZotEvent: Reader = (input) => {
  const { body } = input;
  const type = textAt(body, ['type'], MAX_WORD);
  const event = type && KINDS.get(type.value);
  if (type === null) return unreadable('/type', 'The event has no type.');
  if (event === undefined || event === null) return ignored('An event that changes no image.');
  const mediaType = textAt(body, ['data', 'mediaType'], MAX_WORD);
  if (mediaType !== null && !isManifest(mediaType.value)) return ignored('An artifact that is no image.');
  const repository = repositoryAt(body, ['data', 'name']);
  if (repository === null) return unreadable('/data/name', 'No repository is named.');
  const tag = tagAt(body, ['data', 'reference']);
  const digest = digestAt(body, ['data', 'digest']) ?? digestAt(body, ['data', 'reference']);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was changed.');
  const fact = imageFact({
    kind: { value: kindOf(event, body), pointer: type.pointer },
    registry: registryOf(input),
    repository,
    tag,
    digest,
    time: timeAt(input, ['time']),
    actor: actorAt(body, ['data', 'actor', 'name']),
    origin: known('user'),
  });
  return one(fact);
};

/** Pushes carry their manifest, as a text, and that says what a chart is. */
function kindOf(event: 'image.push' | 'image.delete', body: unknown): ImageFact['kind'] {
  const manifest = at(body, ['data', 'manifest']);
  if (event === 'image.delete' || typeof manifest !== 'string' || manifest.length > MAX_CHART_CHARS) return event;
  const parsed = parseJson(utf8(manifest), CHART_LIMITS);
  const isChart = parsed.kind === 'parsed' && isChartConfig(at(parsed.value, ['config', 'mediaType']));
  return isChart ? 'chart.push' : event;
}

/** The host that the client asked for, where this version of zot says it. */
function registryOf(input: ReaderInput): Field<string> | null {
  return hostAt(input.body, ['data', 'request', 'host']) ?? configuredRegistry(input);
}
