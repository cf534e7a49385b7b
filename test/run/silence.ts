/** Tells when nothing has been heard for a while. */

export interface Silence {
  /** Something was heard: the while begins again. */
  heard(): void;
  /** Nothing more is expected. */
  over(): void;
}

/** Calls `act` once nothing has been heard for `ms`. */
export function whenSilent(ms: number, act: () => void): Silence {
  let timer = setTimeout(act, ms);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(act, ms);
    },
    over: () => clearTimeout(timer),
  };
}
