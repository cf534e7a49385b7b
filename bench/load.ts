/**
 * The load: a process with a number of kept connections. In a closed loop each sends again as soon as its last request
 * was answered; in an open loop requests fall due at a steady rate, whatever the answers do.
 */
import { connect, type Socket } from 'node:net';
import { answerParent } from './child.ts';
import { createFraming } from './framing.ts';
import { monotonicUs, stamped, stampPlace } from './stamp.ts';
import type { Count } from './throughput.ts';
import { takeTurn, turnPlace } from './turn.ts';

export interface Aim {
  /** Connections are spread over them evenly. */
  ports: readonly number[];
  connections: number;
  /** Sent in turn. */
  requests: readonly GroupedRequest[];
  /** null for a closed loop. */
  perSecond: number | null;
  /** Ends by itself after so many; null runs until it is stopped. */
  total: number | null;
}

export interface GroupedRequest {
  /** Answers are counted by this name. */
  group: string;
  /** One whole request, as latin1 text. */
  request: string;
  /** Sent under so many numbered types in turn; under its own alone unless told. */
  types?: number;
}

export interface Answers {
  /** Answered 202, or 200 as the doors of senders answer. */
  accepted: number;
  acceptedOf: Record<string, number>;
  /** Answered with anything else; by status line. */
  refused: Record<string, number>;
  /** Sent and not answered, because the connection broke. */
  unanswered: number;
  /** Fell due and found no free connection before the end. */
  unsent: number;
}

export type Load = {
  go(aim: Aim): void;
  accepted(): Count;
  /** Notes from now on how long each accepted one took, from falling due to the answer. */
  watch(): void;
  /** What was noted, in microseconds; notes no more. */
  watched(): number[];
  /** Waits for the end of a load that ends by itself. */
  finish(): Promise<Answers>;
  /** Sends no more, waits for what is on its way. */
  stop(): Promise<Answers>;
};

interface Letter {
  group: string;
  bytes: Buffer;
  stampAt: number | null;
  /** Where the number of its type stands, how many there are, and which comes next. */
  turn: { at: number; of: number; next: number } | null;
}

interface Line {
  socket: Socket;
  port: number;
  /** On its way; null while the line is idle. */
  letter: Letter | null;
  dueUs: number;
}

interface Run {
  aim: Aim;
  letters: readonly Letter[];
  answers: Answers;
  startedUs: number;
  /** Requests that fell due so far, in an open loop. */
  due: number;
  /** When the ones that wait for a connection fell due. */
  waiting: number[];
  sent: number;
  /** Answered, or lost with their connection. */
  settled: number;
  idle: Line[];
  open: number;
  stopping: boolean;
  clock: NodeJS.Timeout | undefined;
  ended(): void;
}

const ACCEPTED = [202, 200].map((status) => Buffer.from(`HTTP/1.1 ${status}`));
const TICK_MS = 1;

let run: Run = runOf({ ports: [], connections: 0, requests: [], perSecond: null, total: null });
let noted: number[] | null = null;

function runOf(aim: Aim): Run {
  const letters = aim.requests.map(letterOf);
  return {
    aim,
    letters,
    answers: { accepted: 0, acceptedOf: {}, refused: {}, unanswered: 0, unsent: 0 },
    startedUs: monotonicUs(),
    due: 0,
    waiting: [],
    sent: 0,
    settled: 0,
    idle: [],
    open: 0,
    stopping: false,
    clock: undefined,
    ended: () => {},
  };
}

/** Which type comes first is left to chance, so that not every run begins with the same. */
function letterOf({ group, request, types = 1 }: GroupedRequest): Letter {
  const bytes = Buffer.from(request, 'latin1');
  const at = turnPlace(bytes);
  const turn = at === null ? null : { at, of: types, next: Math.floor(Math.random() * types) };
  return { group, bytes, stampAt: stampPlace(bytes), turn };
}

function go(aim: Aim): void {
  run = runOf(aim);
  if (aim.perSecond !== null) run.clock = setInterval(tick, TICK_MS, run, aim.perSecond);
  for (let n = 0; n < aim.connections; n++) open(run, aim.ports[n % aim.ports.length] ?? 0);
}

/** What fell due since the last look; it is late by the timer, which is ours, and by waiting, which is the subject's. */
function tick(of: Run, perSecond: number): void {
  const nowUs = monotonicUs();
  const planned = Math.floor(((nowUs - of.startedUs) * perSecond) / 1e6);
  for (const last = Math.min(planned, of.aim.total ?? planned); of.due < last; of.due++) of.waiting.push(nowUs);
  while (of.waiting.length > 0) {
    const line = of.idle.shift();
    if (line === undefined) return;
    send(of, line);
  }
}

/** When the next request fell due; null when there is none. */
function nextDueUs(of: Run): number | null {
  if (of.aim.perSecond !== null) return of.waiting.shift() ?? null;
  return of.aim.total !== null && of.sent >= of.aim.total ? null : monotonicUs();
}

function send(of: Run, line: Line): void {
  if (of.stopping) {
    line.socket.destroy();
    return;
  }
  const letter = of.letters[of.sent % of.letters.length];
  const dueUs = nextDueUs(of);
  if (letter === undefined || dueUs === null) {
    of.idle.push(line);
    return;
  }
  of.sent += 1;
  line.letter = letter;
  line.dueUs = dueUs;
  line.socket.write(written(letter, dueUs));
}

function written({ bytes, stampAt, turn }: Letter, dueUs: number): Buffer {
  if (stampAt === null && turn === null) return bytes;
  const message = stampAt === null ? Buffer.from(bytes) : stamped(bytes, stampAt, dueUs);
  if (turn !== null) {
    takeTurn(message, turn.at, turn.next);
    turn.next = (turn.next + 1) % turn.of;
  }
  return message;
}

function open(of: Run, port: number): void {
  const socket = connect(port, '127.0.0.1');
  const line: Line = { socket, port, letter: null, dueUs: 0 };
  of.open += 1;
  socket.setNoDelay(true);
  socket.on('connect', () => send(of, line));
  socket.on(
    'data',
    createFraming((answer) => {
      if (line.letter !== null) note(of.answers, line.letter, line.dueUs, answer);
      settle(of, line);
      send(of, line);
    }),
  );
  socket.on('error', () => socket.destroy());
  socket.on('close', () => closed(of, line));
}

function note(answers: Answers, { group }: Letter, dueUs: number, answer: Buffer): void {
  if (ACCEPTED.some((line) => answer.compare(line, 0, line.length, 0, line.length) === 0)) {
    answers.accepted += 1;
    answers.acceptedOf[group] = (answers.acceptedOf[group] ?? 0) + 1;
    noted?.push(monotonicUs() - dueUs);
    return;
  }
  const status = answer.toString('latin1', 0, answer.indexOf('\r'));
  answers.refused[status] = (answers.refused[status] ?? 0) + 1;
}

function settle(of: Run, line: Line): void {
  line.letter = null;
  of.settled += 1;
  if (of.settled === of.aim.total) end(of);
}

function closed(of: Run, line: Line): void {
  of.open -= 1;
  const idleAt = of.idle.indexOf(line);
  if (idleAt !== -1) of.idle.splice(idleAt, 1);
  if (line.letter !== null) {
    of.answers.unanswered += 1;
    settle(of, line);
  } else if (idleAt !== -1 && !of.stopping) {
    // A server hangs up on connections that are idle for long.
    open(of, line.port);
  }
  if (of.open === 0) of.ended();
}

/** Sends no more; a line that waits for an answer ends with it. */
function end(of: Run): void {
  if (of.stopping) return;
  of.stopping = true;
  clearInterval(of.clock);
  of.answers.unsent = of.waiting.length;
  for (const { socket } of of.idle) socket.destroy();
}

function answersOf(of: Run): Promise<Answers> {
  return new Promise((resolve) => {
    of.ended = () => resolve(of.answers);
    if (of.open === 0) of.ended();
  });
}

answerParent({
  go,
  accepted: () => ({ count: run.answers.accepted, atMs: performance.now() }),
  watch: () => {
    noted = [];
  },
  watched: () => {
    const samples = noted ?? [];
    noted = null;
    return samples;
  },
  finish: () => answersOf(run),
  stop: () => {
    end(run);
    return answersOf(run);
  },
} satisfies Load);
