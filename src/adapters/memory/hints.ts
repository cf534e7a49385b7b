/** Hints between the stores of one cluster. */
import type { Id } from '../../core/ids.ts';
import type { Hint } from '../../ports/store.ts';

type Heard = (hint: Hint) => void;

/** All who can be told something; each has a voice of its own. */
export type Voices = Map<Voice, Set<Heard>>;

export interface Voice {
  tell(hint: Hint): void;
  listen(heard: Heard): () => void;
  /** Says and hears nothing any more. */
  fallSilent(): void;
}

/** A voice among others. What it tells in one turn goes out together, after that turn. */
export function voiceAmong(voices: Voices): Voice {
  const own = new Set<Heard>();
  let pending: Hint[] = [];
  const tellAll = () => {
    const hints = together(pending);
    pending = [];
    for (const [of, listeners] of voices) {
      if (of === voice) continue;
      for (const heard of listeners) hints.forEach(heard);
    }
  };
  const voice: Voice = {
    tell: (hint) => {
      if (!voices.has(voice)) return;
      if (pending.length === 0) queueMicrotask(tellAll);
      pending.push(hint);
    },
    listen: (heard) => {
      own.add(heard);
      return () => own.delete(heard);
    },
    fallSilent: () => {
      pending = [];
      voices.delete(voice);
    },
  };
  voices.set(voice, own);
  return voice;
}

/** The same as fewer hints: one of each kind. */
function together(hints: readonly Hint[]): Hint[] {
  const shards = new Set<number>();
  const tenants = new Set<Id>();
  const deliveryIds = new Set<Id>();
  for (const hint of hints) {
    if (hint.kind === 'work') for (const shard of hint.shards) shards.add(shard);
    else if (hint.kind === 'configuration') for (const tenant of hint.tenants) tenants.add(tenant);
    else for (const id of hint.deliveryIds) deliveryIds.add(id);
  }
  const made: Hint[] = [];
  if (shards.size > 0) made.push({ kind: 'work', shards: [...shards] });
  if (tenants.size > 0) made.push({ kind: 'configuration', tenants: [...tenants] });
  if (deliveryIds.size > 0) made.push({ kind: 'closed', deliveryIds: [...deliveryIds] });
  return made;
}
