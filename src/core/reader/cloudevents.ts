/** CloudEvents of any sender: those of registries by their type, others by the source's mapping. */
import type { ReadFact } from '../fact.ts';
import { readAcrCloudEvent } from './acr-eventgrid.ts';
import { readCdevents } from './cdevents.ts';
import { readEach } from './cloudevent.ts';
import { readEcrCloudEvent } from './ecr-cloudevent.ts';
import { type Field, textAt } from './fields.ts';
import { readHarbor } from './harbor.ts';
import { readMapped } from './mapped.ts';
import { ignored, type Reader, type Reading, unreadable } from './reading.ts';
import { readZotEvent } from './zot.ts';

/** Beginnings of event types that a reader of ours understands in structured mode. */
const KNOWN: readonly { prefix: string; read: Reader }[] = [
  { prefix: 'harbor.', read: readHarbor },
  { prefix: 'dev.cdevents.', read: readCdevents },
  { prefix: 'com.amazon.ecr.image.', read: readEcrCloudEvent },
  { prefix: 'Microsoft.ContainerRegistry.', read: readAcrCloudEvent },
  { prefix: 'zotregistry.', read: readZotEvent },
];
const MAX_TYPE_CHARS = 255;
const MAX_SUBJECT_CHARS = 1024;
/** When it happened is an attribute of every event; a mapping may say better. */
const ATTRIBUTES = { time: '$.time' } as const;

/**
 * Reads every event of a request. A mapping is over the event as structured mode writes it (`$.data.image`,
 * `$.subject`), whatever mode it came in.
 */
export const readCloudEvents: Reader = (input) => readEach(input, readEvent);

const readEvent: Reader = (input) => {
  const type = textAt(input.body, ['type'], MAX_TYPE_CHARS);
  if (type === null) return unreadable('/type', 'The event has no type.');
  const subject = textAt(input.body, ['subject'], MAX_SUBJECT_CHARS);
  return about(subject, readerOf(type.value)(input));
};

function readerOf(type: string): Reader {
  return KNOWN.find(({ prefix }) => type.startsWith(prefix))?.read ?? readByMapping;
}

const readByMapping: Reader = (input) => {
  if (input.mapping !== null) return readMapped(input, { ...ATTRIBUTES, ...input.mapping });
  return ignored('A type of event that no registry sends; give the source a mapping that says where the image stands.');
};

/** The reading with the event's subject on each image. */
function about(subject: Field<string> | null, reading: Reading): Reading {
  if (subject === null || subject.pointer === null || reading.kind !== 'facts') return reading;
  const { value, pointer } = subject;
  const facts = reading.facts.map(
    (read): ReadFact =>
      'digest' in read.fact
        ? { fact: { ...read.fact, subject: value }, provenance: { ...read.provenance, subject: pointer } }
        : read,
  );
  return { ...reading, facts };
}
