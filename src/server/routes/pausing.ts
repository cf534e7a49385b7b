/** The routes that pause an object and resume it, as far as they are alike whatever it is. */
import { MAY_CHANGE } from '../auth.ts';

/** A kind of object that can be paused. */
interface Pausable {
  /** Path of one of them. */
  path: string;
  /** Its name in the ids of operations. */
  noun: string;
  tag: string;
  words: Readonly<Record<'pause' | 'resume', { summary: string; description: string }>>;
}

/** Of each route: whether the object is paused afterwards, and what is fixed of its definition. */
export function pauseRoutes({ path, noun, tag, words }: Pausable) {
  return (['pause', 'resume'] as const).map((word) => {
    const named = { path: `${path}/${word}`, operationId: `${word}${noun}`, tag } as const;
    return {
      paused: word === 'pause',
      fixed: { method: 'POST', ...named, ...words[word], roles: MAY_CHANGE } as const,
    };
  });
}
