/**
 * Whether the time of the common 404 tells what is behind a door: samples of two kinds of request in random order over
 * one connection, one that asks for something there is and one that does not, compared by rank.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { doorRequest, type MadeSource, makeSource, pathOf } from './door.ts';
import { type Print, percentile, table, whole } from './figures.ts';
import { createFraming } from './framing.ts';
import { mannWhitney } from './mann-whitney.ts';
import { monotonicUs } from './stamp.ts';
import { type HookyardSubject, startHookyard } from './subject.ts';
import { type StoreName, withDirectory, withStore, type Yard } from './yard.ts';

export interface SecrecyOptions {
  samples: number;
  store: StoreName;
}

/** Two requests that must look alike; the first asks for something that is there. */
interface Pair {
  name: string;
  there: string;
  nowhere: string;
}

/** Below this, chance is a bad explanation. */
const SUSPICIOUS = 0.01;
const WARM_UP = 2000;

/** Measures and prints; returns how many pairs did not get the same bytes. */
export async function runSecrecy(yard: Yard, { samples, store }: SecrecyOptions, print: Print): Promise<number> {
  print(
    `secrecy  time of the common 404 on ${store}, ${whole(samples)} samples of each kind; p of Mann and Whitney\n\n`,
  );
  return withStore(store, (postgres) =>
    withDirectory(async (dataDirectory) => {
      const at = { receiverPort: yard.receiverPort, connections: 1, dataDirectory, postgres };
      const subject = await startHookyard(at);
      try {
        return await compareAll(subject, samples, print);
      } finally {
        await subject.stop();
      }
    }),
  );
}

async function compareAll(subject: HookyardSubject, samples: number, print: Print): Promise<number> {
  const rows = [['', 'there, µs', 'nowhere, µs', 'p', '']];
  let different = 0;
  for (const pair of await pairsOf(subject)) {
    const { there, nowhere, isSame } = await compare(subject.port, pair, samples);
    const p = mannWhitney(there, nowhere);
    const middle = (times: readonly number[]) => whole(percentile(times, 0.5));
    rows.push([pair.name, middle(there), middle(nowhere), p.toFixed(3), p > SUSPICIOUS ? '' : 'TOLD APART']);
    if (!isSame) different += 1;
  }
  print(`${table(rows)}\n`);
  if (different > 0) print(`  DIFFERENT BYTES in ${different} pairs\n\n`);
  return different;
}

async function pairsOf(subject: HookyardSubject): Promise<Pair[]> {
  const live = await makeSource(subject, { type: 'native', scheme: { type: 'url' } });
  const off = await makeSource(subject, { type: 'native', scheme: { type: 'url' }, enabled: false });
  const typedOff = await makeSource(subject, { type: 'native', enabled: false });
  const typed = await makeSource(subject, { type: 'native' });
  const nowhere = `/api/webhook/${randomUUID()}`;
  const nobody = pathOf(typed).replace(/[^/]+$/, unusedId(typed));
  return [
    pair('disabled source, secret URL', pathOf(off), nowhere),
    pair('wrong method, secret URL', pathOf(live), nowhere, 'PUT'),
    pair('wrong method without a body', pathOf(live), nowhere, 'GET'),
    pair('disabled source, typed', pathOf(typedOff), nobody),
    pair('wrong method, typed', pathOf(typed), nobody, 'PUT'),
    pair(
      'wrong route of a source',
      pathOf(typed).replace('/registry/', '/github/'),
      nobody.replace('/registry/', '/github/'),
    ),
    pair('one key and another, both wrong', `/api/webhook/${randomUUID()}`, nowhere),
  ];
}

/** An id of the same form that nothing has. */
function unusedId({ id }: MadeSource): string {
  return `${id.slice(0, -4)}${id.endsWith('0000') ? '1111' : '0000'}`;
}

function pair(name: string, there: string, nowhere: string, method = 'POST'): Pair {
  const request = (path: string) => doorRequest(path, method === 'GET' ? { method, body: '' } : { method });
  return { name, there: request(there), nowhere: request(nowhere) };
}

async function compare(port: number, { there, nowhere }: Pair, samples: number) {
  const line = await openLine(port);
  const times = { there: [] as number[], nowhere: [] as number[] };
  const answers = new Set<string>();
  const requests = { there: Buffer.from(there), nowhere: Buffer.from(nowhere) };
  for (let n = 0; n < WARM_UP; n++) await line.ask(n % 2 === 0 ? requests.there : requests.nowhere);
  while (times.there.length < samples || times.nowhere.length < samples) {
    const kind = Math.random() < 0.5 ? 'there' : 'nowhere';
    const { us, answer } = await line.ask(requests[kind]);
    if (times[kind].length < samples) times[kind].push(us);
    answers.add(answer.replace(/^date: .*$/im, ''));
  }
  line.close();
  return { ...times, isSame: answers.size === 1 };
}

/** One kept connection, one request at a time. */
async function openLine(port: number) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  let heard: (answer: Buffer) => void = () => {};
  socket.on(
    'data',
    createFraming((answer) => heard(answer)),
  );
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    ask: (request: Buffer) =>
      new Promise<{ us: number; answer: string }>((resolve) => {
        const fromUs = monotonicUs();
        heard = (answer) => resolve({ us: monotonicUs() - fromUs, answer: answer.toString('latin1') });
        socket.write(request);
      }),
    close: () => void socket.destroy(),
  };
}
