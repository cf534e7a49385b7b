/**
 * Azure Container Registry through Event Grid, in its own schema or as CloudEvents (learn.microsoft.com, "Azure
 * Container Registry as an Event Grid source", "Endpoint validation with Event Grid event schema").
 */

import type { ImageFact } from '../fact.ts';
import { pointerOf } from '../pointer.ts';
import { readAcrNotice } from './acr.ts';
import { isCloudEvents, readEach, together } from './cloudevent.ts';
import { type Path, textAt } from './fields.ts';
import { ignored, MAX_FACTS, type Reader, type ReaderInput, type Reading, unreadable } from './reading.ts';

/** Deleted charts are the only other events of the registry. */
const KINDS: ReadonlyMap<string, ImageFact['kind']> = new Map([
  ['Microsoft.ContainerRegistry.ImagePushed', 'image.push'],
  ['Microsoft.ContainerRegistry.ImageDeleted', 'image.delete'],
  ['Microsoft.ContainerRegistry.ChartPushed', 'chart.push'],
]);
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent';
const MAX_TYPE_CHARS = 255;
/** The code is a UUID today. */
const MAX_CODE_CHARS = 512;

/** Reads every event of one request. Of a batch, what can be read counts. */
export const readAcrEventGrid: Reader = (input) => {
  if (isCloudEvents(input)) return readEach(input, readAcrCloudEvent);
  const { body } = input;
  if (!Array.isArray(body)) return unreadable('', 'The body is not a list of events.');
  if (body.length > MAX_FACTS) return unreadable('', `More than ${MAX_FACTS} events.`);
  return together([...body.keys()].map((index) => readEvent(input, [index], 'eventType')));
};

/** Reads one event, given as a CloudEvent in structured mode. */
export const readAcrCloudEvent: Reader = (input) => readEvent(input, [], 'type');

function readEvent(input: ReaderInput, event: Path, typeName: 'eventType' | 'type'): Reading {
  const type = textAt(input.body, [...event, typeName], MAX_TYPE_CHARS);
  if (type === null) return unreadable(pointerOf([...event, typeName]), 'The event has no type.');
  if (typeName === 'eventType' && type.value === VALIDATION) return validated(input, event);
  const kind = KINDS.get(type.value);
  if (kind === undefined) return ignored('An event that neither pushes nor deletes an image.');
  return readAcrNotice(input, [...event, 'data'], { value: kind, pointer: type.pointer });
}

/** A new subscription sends its code, and nothing more until it was given back. CloudEvents ask with OPTIONS instead. */
function validated({ body }: ReaderInput, event: Path): Reading {
  const place: Path = [...event, 'data', 'validationCode'];
  const code = textAt(body, place, MAX_CODE_CHARS);
  if (code === null) return unreadable(pointerOf(place), 'There is no code to give back.');
  const echo = { validationResponse: code.value };
  return { kind: 'handshake', reason: 'Event Grid validates the subscription.', facts: [], echo };
}
