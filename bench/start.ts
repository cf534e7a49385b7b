/** B8: how long a start takes until the first event is accepted, and what memory an idle process holds. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { median, span, table, whole } from './figures.ts';
import { createFraming } from './framing.ts';
import { type Subject, type SubjectName, startSubject } from './subject.ts';
import { residentBytes } from './usage.ts';
import { RECEIVER_CONNECTIONS, withDirectory, type Yard } from './yard.ts';

export interface StartOptions {
  starts: number;
  idleMs: number;
  /** Events in the directory of a start on existing data. */
  existingEvents: number;
  subjects: readonly SubjectName[];
}

interface Starts {
  freshMs: number[];
  existingMs: number[];
  idleBytes: number[];
}

/** Measures and prints. */
export async function runStarts(yard: Yard, options: StartOptions, print: (text: string) => void): Promise<void> {
  print(
    `B8  start to first accepted event, ${options.starts} starts; memory after ${options.idleMs / 1000} s idle\n\n`,
  );
  const rows: string[][] = [
    ['', 'fresh data, ms', 'min–max', `${whole(options.existingEvents)} events, ms`, 'min–max', 'idle, MB'],
  ];
  for (const name of options.subjects) {
    const { freshMs, existingMs, idleBytes } = await startsOf(name, yard, options);
    const memory = idleBytes.length === 0 ? '–' : whole(median(idleBytes) / 1e6);
    rows.push([
      name,
      whole(median(freshMs)),
      span(freshMs, whole),
      whole(median(existingMs)),
      span(existingMs, whole),
      memory,
    ]);
  }
  print(`${table(rows)}\n`);
}

/** Each directory is started on twice: when it is new, and when it holds events. */
async function startsOf(name: SubjectName, yard: Yard, options: StartOptions): Promise<Starts> {
  const starts: Starts = { freshMs: [], existingMs: [], idleBytes: [] };
  for (let n = 0; n < options.starts; n++) {
    await withDirectory(async (dataDirectory) => {
      const at = { receiverPort: yard.receiverPort, dataDirectory, connections: RECEIVER_CONNECTIONS };
      const start = () => startSubject(name, at);
      starts.freshMs.push(await firstAccepted(start, (subject) => publishMany(subject, options.existingEvents)));
      starts.existingMs.push(
        await firstAccepted(start, async (subject) => {
          // Memory settles alike each time; once is enough.
          if (n > 0) return;
          await pause(options.idleMs);
          const bytes = residentBytes(subject.pid);
          if (bytes !== null) starts.idleBytes.push(bytes);
        }),
      );
    });
  }
  return starts;
}

/** Milliseconds from starting the process to its first 202; `then` runs before it is stopped. */
async function firstAccepted(
  start: () => Promise<Subject>,
  then: (subject: Subject) => Promise<void>,
): Promise<number> {
  const startedMs = performance.now();
  const subject = await start();
  try {
    await publishMany(subject, 1);
    const acceptedMs = performance.now() - startedMs;
    await then(subject);
    return acceptedMs;
  } finally {
    await subject.stop();
  }
}

/** Publishes so many events, one after the other, over one connection. */
function publishMany(subject: Subject, events: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(subject.port, '127.0.0.1');
    let left = events;
    const next = () => {
      if (left === 0) {
        socket.destroy();
        resolve();
        return;
      }
      left -= 1;
      socket.write(subject.request);
    };
    socket.once('connect', next);
    socket.once('error', reject);
    socket.on(
      'data',
      createFraming((answer) => {
        const line = answer.toString('latin1', 0, answer.indexOf('\r'));
        if (line.includes(' 202 ')) next();
        else reject(new Error(`${subject.name} answered ${line}`));
      }),
    );
  });
}
