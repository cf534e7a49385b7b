/** Publishers that send to any node that lives, and the same event again to another one until it is acknowledged. */
import { Agent } from 'node:http';
import { setTimeout as later } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import type { Flow } from './cluster-receivers.ts';
import { post } from './load.ts';

/** How publishing went, other than well. */
export interface Publishing {
  /** Requests that were broken off, or had no answer in time. */
  cut: number;
  /** Those answered 503. */
  unavailable: number;
  /** Those answered as no publisher expects; their events are given up. */
  strange: string[];
}

export interface ClusterLoad {
  /** By the number of the event. */
  accepted: ReadonlyMap<number, { eventId: string; type: string }>;
  publishing: Publishing;
  /** Begins no new event and resolves when every begun one is acknowledged. */
  finish(): Promise<void>;
  /** Gives up what is begun. */
  abandon(): void;
}

const PADDING = 'x'.repeat(600);
/** A node that stands still does not say so. */
const ANSWER_TIMEOUT_MS = 4000;
const AGAIN_MS = 50;
const LIVING_TIMEOUT_MS = 60_000;

/**
 * @param urlOf some node that lives, another one each time; null while there is none
 */
export function startClusterLoad(flows: readonly Flow[], urlOf: () => string | null): ClusterLoad {
  const accepted = new Map<number, { eventId: string; type: string }>();
  const publishing: Publishing = { cut: 0, unavailable: 0, strange: [] };
  const agent = new Agent({ keepAlive: true });
  const numbers = { next: 0 };
  let finishing = false;
  let abandoned = false;

  async function publish(type: string, key: string | null, place: number | null): Promise<void> {
    const number = numbers.next++;
    const ordering = key === null ? {} : { orderingKey: key };
    const body = JSON.stringify({
      type,
      id: `load-${number}`,
      data: { number, key, place, padding: PADDING },
      ...ordering,
    });
    while (!abandoned) {
      const url = await eventually('a node that lives', urlOf, LIVING_TIMEOUT_MS);
      const answer = await post(agent, `${url}/api/v1/events`, body, ANSWER_TIMEOUT_MS);
      if (answer?.status === 202 || answer?.status === 200) {
        accepted.set(number, { eventId: answer.id, type });
        return;
      }
      if (answer === null) publishing.cut += 1;
      else if (answer.status === 503) publishing.unavailable += 1;
      else {
        publishing.strange.push(`event ${number} was answered ${answer.status}`);
        return;
      }
      await later(AGAIN_MS);
    }
  }

  async function run({ type, perSecond, publishers, keys }: Flow, publisher: number): Promise<void> {
    const everyMs = (1000 * publishers) / perSecond;
    for (let round = 0; !finishing; round++) {
      const startedMs = performance.now();
      // A publisher waits for each acknowledgement, so that places of its keys are in the order of acknowledgements.
      if (keys === 0) await publish(type, null, null);
      else await publish(type, `${type} ${publisher}/${round % keys}`, Math.trunc(round / keys));
      await later(Math.max(0, startedMs + everyMs - performance.now()));
    }
  }

  const running = flows.flatMap((flow) =>
    Array.from({ length: flow.publishers }, (_, publisher) => run(flow, publisher)),
  );
  const all = Promise.all(running);
  all.catch(() => {});
  return {
    accepted,
    publishing,
    async finish() {
      finishing = true;
      await all;
      agent.destroy();
    },
    abandon() {
      finishing = true;
      abandoned = true;
      agent.destroy();
    },
  };
}
