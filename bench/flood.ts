/** Memory while doors are flooded with the largest bodies they take, by what is wrong with them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { doorRequest, makeSource, pathOf } from './door.ts';
import { megabytes, type Print, table, whole } from './figures.ts';
import type { Answers } from './load.ts';
import { type HookyardSubject, startHookyard } from './subject.ts';
import type { Window } from './throughput.ts';
import { peakResidentBytes, residentBytes } from './usage.ts';
import { withDirectory, type Yard } from './yard.ts';

/** As large as a receipt may be: 5 MiB. */
const BODY_BYTES = 5 * 1024 * 1024;
const FRAME = '{"image":"registry.example.com/acme/checkout:2.4.0","note":""}';
const BODY = FRAME.replace('""', `"${'x'.repeat(BODY_BYTES - FRAME.length)}"`);

/** Who floods, by name: what they send to a running instance. */
const FLOODS: Readonly<Record<string, (subject: HookyardSubject) => Promise<string>>> = {
  'wrong key': async () => doorRequest(`/api/webhook/${randomUUID()}`, { body: BODY }),
  'wrong signature': async (subject) => {
    const headers = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
    return doorRequest(pathOf(await makeSource(subject, { type: 'native' })), { body: BODY, headers });
  },
  proved: async (subject) => {
    const source = await makeSource(subject, { type: 'native', scheme: { type: 'url' } });
    return doorRequest(pathOf(source), { body: BODY });
  },
  repeated: async (subject) => {
    const source = await makeSource(subject, { type: 'native', scheme: { type: 'url' } });
    return doorRequest(pathOf(source), { body: BODY, headers: { 'idempotency-key': 'the same' } });
  },
};

/** Measures and prints; nothing can be lost. */
export async function runFlood(yard: Yard, options: Window, print: Print): Promise<number> {
  const { connections, windowMs } = options;
  print(`flood  ${connections} connections, bodies of 5 MiB, ${windowMs / 1000} s; goal: at most 64 MiB more\n\n`);
  const rows = [['', 'before, MB', 'peak, MB', 'more, MB', '10 s later, MB', 'taken/s', 'others']];
  for (const [name, requestTo] of Object.entries(FLOODS))
    rows.push([name, ...(await flooded(yard, requestTo, options))]);
  print(`${table(rows)}\n`);
  return 0;
}

const CALM_MS = 10_000;

function flooded(
  { load, receiverPort }: Yard,
  requestTo: (subject: HookyardSubject) => Promise<string>,
  { connections, warmUpMs, windowMs }: Window,
): Promise<string[]> {
  return withDirectory(async (dataDirectory) => {
    const subject = await startHookyard({ receiverPort, connections, dataDirectory });
    try {
      const request = await requestTo(subject);
      await warmUp(load, subject, connections, warmUpMs);
      const before = residentBytes(subject.pid) ?? Number.NaN;
      const aim = { ports: [subject.port], connections, perSecond: null, total: null };
      await load.ask('go', { ...aim, requests: [{ group: '', request }] });
      await pause(windowMs);
      const answers = await load.ask('stop');
      const peak = peakResidentBytes(subject.pid) ?? Number.NaN;
      await pause(CALM_MS);
      const after = residentBytes(subject.pid) ?? Number.NaN;
      const perSecond = whole((answers.accepted * 1000) / windowMs);
      return [...[before, peak, peak - before, after].map(megabytes), perSecond, others(answers)];
    } finally {
      await subject.stop();
    }
  });
}

/** Ordinary traffic: what a process has taken for good when it has worked for a while is no flood's doing. */
async function warmUp(load: Yard['load'], subject: HookyardSubject, connections: number, warmUpMs: number) {
  const request = doorRequest(pathOf(await makeSource(subject, { type: 'native', scheme: { type: 'url' } })));
  const aim = { ports: [subject.port], connections, perSecond: null, total: null };
  await load.ask('go', { ...aim, requests: [{ group: '', request }] });
  await pause(warmUpMs);
  await load.ask('stop');
}

function others({ refused, unanswered }: Answers): string {
  const told = Object.entries(refused).map(([line, count]) => `${count} × ${line.replace('HTTP/1.1 ', '')}`);
  return [...told, ...(unanswered === 0 ? [] : [`${unanswered} without an answer`])].join(', ') || '–';
}
