/** The one event every benchmark sends, and the bytes of the request that carries it. */
import { createHash } from 'node:crypto';
import { sampleEvents } from '../src/core/sample-events.ts';
import { NO_STAMP } from './stamp.ts';

const completed = sampleEvents['deployment.completed'];
const [host] = completed.targets;
const deployment = { ...completed, targets: [1, 2, 3, 4].map((n) => ({ ...host, name: `prod-host-${n}` })) };

/** About 1 KiB: a deployment to four hosts. */
export const eventBody: Buffer = Buffer.from(JSON.stringify({ type: 'deployment.completed', data: deployment }));

/** The `data` of the same event with a place for the time of its sending, as JSON. */
export const stampedData: string = JSON.stringify({ sentUs: NO_STAMP, ...deployment });

/** The same event under another type, with a place for the time of its sending. */
export function stampedBody(type: string): Buffer {
  return Buffer.from(`{"type":${JSON.stringify(type)},"data":${stampedData}}`);
}

/** The same with hosts added until it has `bytes`; they differ, so that it compresses no better than real ones do. */
export function sizedBody(type: string, bytes: number): Buffer {
  const of = (targets: number) => {
    const data = {
      sentUs: NO_STAMP,
      ...completed,
      targets: Array.from({ length: targets }, (_, nth) => madeHost(nth)),
    };
    return Buffer.from(JSON.stringify({ type, data }));
  };
  let targets = 1;
  while (of(targets).length < bytes) targets += 1;
  return of(targets);
}

function madeHost(nth: number): object {
  const digest = createHash('sha256').update(`${nth}`).digest('hex');
  return { id: host?.id, name: `prod-host-${digest.slice(0, 4)}`, image: `sha256:${digest}` };
}

/** A whole `POST /api/v1/events`, to be written to a kept connection again and again. */
export function publishRequest(url: string, apiKey: string, body: Buffer = eventBody): Buffer {
  const head = [
    'POST /api/v1/events HTTP/1.1',
    `host: ${new URL(url).host}`,
    `authorization: Bearer ${apiKey}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}
