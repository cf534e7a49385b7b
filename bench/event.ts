/** The one event every benchmark sends, and the bytes of the request that carries it. */
import { sampleEvents } from '../src/core/sample-events.ts';

const completed = sampleEvents['deployment.completed'];
const [host] = completed.targets;

/** About 1 KiB: a deployment to four hosts. */
export const eventBody: Buffer = Buffer.from(
  JSON.stringify({
    type: 'deployment.completed',
    data: { ...completed, targets: [1, 2, 3, 4].map((n) => ({ ...host, name: `prod-host-${n}` })) },
  }),
);

/** A whole `POST /api/v1/events`, to be written to a kept connection again and again. */
export function publishRequest(url: string, apiKey: string): Buffer {
  const head = [
    'POST /api/v1/events HTTP/1.1',
    `host: ${new URL(url).host}`,
    `authorization: Bearer ${apiKey}`,
    'content-type: application/json',
    `content-length: ${eventBody.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), eventBody]);
}
