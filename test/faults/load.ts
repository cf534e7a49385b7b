/** Publishers that never give up on an event: each is sent again under its own id until it is answered. */
import { Agent, request } from 'node:http';
import { eventually } from '../support/eventually.ts';
import { ADMIN_KEY } from '../support/hookyard.ts';

export interface Load {
  /** Event id by number, of every event that was answered 202 or, after an answer that was lost, 200. */
  accepted: ReadonlyMap<number, string>;
  /** Requests whose answer never came. */
  cut(): number;
  /** Begins no new event and resolves when every begun one is accepted. */
  finish(): Promise<void>;
}

/** Each event is about this long, so that a body spans more than one packet now and then. */
const PADDING = 'x'.repeat(1200);
const PAUSE_MS = 4;

/**
 * @param url of the instance that is up, or null while there is none
 */
export function startLoad(publishers: number, url: () => string | null): Load {
  const accepted = new Map<number, string>();
  const agent = new Agent({ keepAlive: true, maxSockets: publishers });
  let next = 0;
  let cut = 0;
  let finishing = false;

  async function publishOne(number: number): Promise<void> {
    const body = JSON.stringify({ type: 'load.sent', id: `load-${number}`, data: { number, padding: PADDING } });
    while (!accepted.has(number)) {
      const at = await eventually('an instance that is up', url);
      const answer = await post(agent, `${at}/api/v1/events`, body);
      if (answer === null) cut += 1;
      else if (answer.status === 202 || answer.status === 200) accepted.set(number, answer.id);
      else if (answer.status !== 503) throw new Error(`event ${number} was answered ${answer.status}`);
    }
  }

  const running = Array.from({ length: publishers }, async () => {
    while (!finishing) {
      await publishOne(next++);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });

  return {
    accepted,
    cut: () => cut,
    async finish() {
      finishing = true;
      await Promise.all(running);
      agent.destroy();
    },
  };
}

/**
 * Publishes an event. null when the connection broke before the whole answer was there.
 * @param timeoutMs of silence, after which the connection is broken off; never unless told
 */
export function post(
  agent: Agent,
  url: string,
  body: string,
  timeoutMs = 0,
): Promise<{ status: number; id: string } | null> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${ADMIN_KEY}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', () => resolve(null));
      response.on('end', () => {
        const read: { data?: { id: string } } = JSON.parse(text);
        resolve({ status: response.statusCode ?? 0, id: read.data?.id ?? '' });
      });
    });
    sent.on('error', () => resolve(null));
    sent.setTimeout(timeoutMs, () => sent.destroy());
    sent.end(body);
  });
}
