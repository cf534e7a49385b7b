/**
 * The load: a process with a number of kept connections, each of which sends the same request again as soon as the
 * last one was answered (a closed loop).
 */
import { connect } from 'node:net';
import { answerParent } from './child.ts';
import { createFraming } from './framing.ts';
import type { Count } from './throughput.ts';

export interface Aim {
  port: number;
  connections: number;
  /** One whole request, as latin1 text. */
  request: string;
}

export interface Answers {
  /** Answered 202. */
  accepted: number;
  /** Answered with anything else; by status line. */
  refused: Record<string, number>;
  /** Sent and not answered, because the connection broke. */
  unanswered: number;
}

export type Load = {
  go(aim: Aim): void;
  accepted(): Count;
  /** Sends no more, waits for what is on its way. */
  stop(): Promise<Answers>;
};

const ACCEPTED = Buffer.from('HTTP/1.1 202');

let answers: Answers = { accepted: 0, refused: {}, unanswered: 0 };
let stopping = false;
let busy = 0;
let stopped = () => {};

function open({ port, request }: Aim): void {
  const bytes = Buffer.from(request, 'latin1');
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.on('connect', () => socket.write(bytes));
  socket.on(
    'data',
    createFraming((answer) => {
      note(answer);
      if (stopping) socket.destroy();
      else socket.write(bytes);
    }),
  );
  socket.on('error', () => socket.destroy());
  socket.on('close', closed);
}

function note(answer: Buffer): void {
  if (answer.compare(ACCEPTED, 0, ACCEPTED.length, 0, ACCEPTED.length) === 0) {
    answers.accepted += 1;
    return;
  }
  const line = answer.toString('latin1', 0, answer.indexOf('\r'));
  answers.refused[line] = (answers.refused[line] ?? 0) + 1;
}

/** Until told to stop, a connection always has a request on its way. */
function closed(): void {
  if (!stopping) answers.unanswered += 1;
  busy -= 1;
  if (busy === 0) stopped();
}

answerParent({
  go: (aim: Aim) => {
    answers = { accepted: 0, refused: {}, unanswered: 0 };
    stopping = false;
    busy = aim.connections;
    for (let n = 0; n < aim.connections; n++) open(aim);
  },
  accepted: () => ({ count: answers.accepted, atMs: performance.now() }),
  stop: () =>
    new Promise((resolve) => {
      stopping = true;
      stopped = () => resolve(answers);
      if (busy === 0) stopped();
    }),
} satisfies Load);
