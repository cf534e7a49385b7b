/** The thread's end of the conversation that `thread.ts` begins. */
import type { MessagePort } from 'node:worker_threads';

/** A numbered request, or null for the end. */
export type ToThread<Request> = readonly [id: number, request: Request] | null;
export type FromThread<Answer> = readonly [id: number, answer: Answer];

export interface Served<Request, Answer> {
  answer(request: Request, reply: (answer: Answer) => void): void;
  close(): void;
}

/** Answers requests until the end is asked for; then the thread exits by itself. */
export function serve<Request, Answer>(port: MessagePort | null, served: Served<Request, Answer>): void {
  if (port === null) throw new Error('this module runs as a thread only');
  port.on('message', (message: ToThread<Request>) => {
    if (message === null) {
      served.close();
      port.close();
      return;
    }
    const [id, request] = message;
    served.answer(request, (answer) => port.postMessage([id, answer] satisfies FromThread<Answer>));
  });
}
