import type { Ports } from '../ports.ts';

/** Resolves once everybody else had a turn; asked for between the steps of what takes milliseconds in one go. */
export function giveWay({ clock }: Pick<Ports, 'clock'>): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}
