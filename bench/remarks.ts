/** What stands below the figures: odd answers and the ledger. */
import { whole } from './figures.ts';
import type { Answers } from './load.ts';
import type { Ledger } from './stream.ts';

/** One line for each kind of answer that was no 202, and for each that is missing. */
export function answerRemarks(label: string, { refused, unanswered, unsent }: Answers): string[] {
  return [
    ...Object.entries(refused).map(([line, count]) => `${label}: ${count} × ${line}`),
    ...(unanswered === 0 ? [] : [`${label}: ${unanswered} requests without an answer`]),
    ...(unsent === 0 ? [] : [`${label}: ${unsent} requests fell due and found no free connection`]),
  ];
}

/** The sums in one line. */
export function ledgerLine(ledgers: readonly Ledger[]): string {
  const sum = (count: (ledger: Ledger) => number) => whole(ledgers.reduce((total, ledger) => total + count(ledger), 0));
  const accepted = sum((ledger) => ledger.accepted);
  const arrived = sum((ledger) => ledger.arrived);
  return `Ledger: ${accepted} accepted, ${arrived} delivered, ${sum((ledger) => ledger.lost)} lost.`;
}

/** Accepted events that never arrived, over all. */
export function lostIn(ledgers: readonly Ledger[]): number {
  return ledgers.reduce((sum, { lost }) => sum + lost, 0);
}

/** Remarks of each observation, then the ledger over all, indented as figures are. */
export function remarksText(seen: readonly { label: string; answers: Answers; ledger: Ledger }[]): string {
  const lost = seen
    .filter(({ ledger }) => ledger.lost > 0)
    .map(({ label, ledger }) => `LOST by ${label}: ${ledger.lost}`);
  const odd = seen.flatMap(({ label, answers }) => answerRemarks(label, answers));
  const lines = [...lost, ...new Set(odd), ledgerLine(seen.map(({ ledger }) => ledger))];
  return `${lines.map((line) => `  ${line}\n`).join('')}\n`;
}
