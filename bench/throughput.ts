/** B1: events accepted durably, delivered and recorded, per second, by one subject in one window. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Answers } from './load.ts';
import { rest } from './rest.ts';
import { monotonicUs } from './stamp.ts';
import type { Subject, SubjectName } from './subject.ts';
import { type Cpu, cpuOf, familyCpuMs } from './usage.ts';
import type { Yard } from './yard.ts';

/** A count and when it was read, by the reader's own clock; only differences mean something. */
export interface Count {
  count: number;
  atMs: number;
}

export interface Window {
  /** Connections of the load, each with one request at a time. */
  connections: number;
  warmUpMs: number;
  windowMs: number;
}

/** Processor time per recorded event, in microseconds. */
export interface CpuShares {
  subject: number;
  mainThread: number;
  /** Of the PostgreSQL below it; null with a database inside the process. */
  database: number | null;
  load: number;
  sink: number;
}

export interface Throughput {
  subject: SubjectName;
  /** Beginning and end of the window, by the machine's monotonic clock. */
  fromMs: number;
  toMs: number;
  recordedPerSecond: number;
  acceptedPerSecond: number;
  /** Accepted and not yet recorded when the window ended. */
  backlog: number;
  cpuPerEvent: CpuShares | null;
  /** Share of a core that generator and sink used themselves; near 1 the subject was not what was measured. */
  ownShares: { load: number; sink: number } | null;
  ledger: Ledger;
}

/** Counts after everything came to rest. */
export interface Ledger {
  answers: Answers;
  delivered: number;
  recorded: number;
  /** Accepted, and missing at the sink or in the record. */
  lost: number;
}

interface Snapshot {
  accepted: Count;
  recorded: Count;
  cpu: { atMs: number; subject: Cpu | null; load: Cpu | null; sink: Cpu | null; databaseMs: number | null };
}

/** Loads a running subject, measures one window, and waits until everything accepted is delivered and recorded. */
export async function measure(subject: Subject, yard: Yard, window: Window): Promise<Throughput> {
  const request = subject.request.toString('latin1');
  const receivedBefore = (await yard.sink.ask('received')).count;
  const recordedBefore = await subject.recorded();
  await yard.load.ask('go', {
    ports: [subject.port],
    connections: window.connections,
    requests: [{ group: '', request }],
    perSecond: null,
    total: null,
  });
  await pause(window.warmUpMs);
  const from = await snapshot(subject, yard);
  await pause(window.windowMs);
  const to = await endOf(subject, yard, from, window);
  const answers = await yard.load.ask('stop');
  const counts = async () => ({
    delivered: (await yard.sink.ask('received')).count - receivedBefore,
    recorded: (await subject.recorded()) - recordedBefore,
  });
  const rested = await rest(answers.accepted, counts);
  const lost = Math.max(0, answers.accepted - Math.min(rested.delivered, rested.recorded));
  return { ...compare(subject.name, from, to, recordedBefore), ledger: { answers, ...rested, lost } };
}

/** A window in which not every connection had its turn tells no rate: on a machine that stood still it lasts longer. */
async function endOf(subject: Subject, yard: Yard, from: Snapshot, { connections }: Window): Promise<Snapshot> {
  const wanted = from.recorded.count + connections;
  const to = await snapshot(subject, yard);
  if (to.recorded.count >= wanted) return to;
  await rest(wanted, async () => ({ recorded: await subject.recorded() }));
  return snapshot(subject, yard);
}

async function snapshot(subject: Subject, { load, sink }: Yard): Promise<Snapshot> {
  const [accepted, recorded] = await Promise.all([load.ask('accepted'), subject.recorded()]);
  // V8's profiler counts by this clock too.
  const atMs = monotonicUs() / 1000;
  const databaseMs = subject.databasePid === null ? null : familyCpuMs(subject.databasePid);
  const cpu = { atMs, subject: cpuOf(subject.pid), load: cpuOf(load.pid), sink: cpuOf(sink.pid), databaseMs };
  return { accepted, recorded: { count: recorded, atMs }, cpu };
}

function compare(
  subject: SubjectName,
  from: Snapshot,
  to: Snapshot,
  recordedBefore: number,
): Omit<Throughput, 'ledger'> {
  const events = to.recorded.count - from.recorded.count;
  return {
    subject,
    fromMs: from.recorded.atMs,
    toMs: to.recorded.atMs,
    recordedPerSecond: perSecond(from.recorded, to.recorded),
    acceptedPerSecond: perSecond(from.accepted, to.accepted),
    backlog: Math.max(0, to.accepted.count - (to.recorded.count - recordedBefore)),
    ...cpuFigures(from.cpu, to.cpu, events),
  };
}

function perSecond(from: Count, to: Count): number {
  return ((to.count - from.count) / (to.atMs - from.atMs)) * 1000;
}

function cpuFigures(
  from: Snapshot['cpu'],
  to: Snapshot['cpu'],
  events: number,
): Pick<Throughput, 'cpuPerEvent' | 'ownShares'> {
  const subject = used(from.subject, to.subject);
  const load = used(from.load, to.load);
  const sink = used(from.sink, to.sink);
  if (subject === null || load === null || sink === null) return { cpuPerEvent: null, ownShares: null };
  const elapsedMs = to.atMs - from.atMs;
  const each = (ms: number) => (ms * 1000) / events;
  return {
    cpuPerEvent: {
      subject: each(subject.processMs),
      mainThread: each(subject.mainThreadMs),
      database: from.databaseMs === null || to.databaseMs === null ? null : each(to.databaseMs - from.databaseMs),
      load: each(load.processMs),
      sink: each(sink.processMs),
    },
    ownShares: { load: load.processMs / elapsedMs, sink: sink.processMs / elapsedMs },
  };
}

function used(from: Cpu | null, to: Cpu | null): Cpu | null {
  if (from === null || to === null) return null;
  return { processMs: to.processMs - from.processMs, mainThreadMs: to.mainThreadMs - from.mainThreadMs };
}
