import { RECEIPT_DIAGNOSES } from '../../src/core/receipt-diagnosis.ts';
import { MISTAKES } from '../../src/core/signature/mistake.ts';
import { table } from './page.ts';

/** The page of what a diagnosis may say, in the program's own words. */
export function mistakesPage(): string {
  const head = `# Mistakes

What \`diagnosis\` of a rejected receipt says: why nothing is to be found in the request itself, where that is so, else
the first mistake, from above, that explains why it proved nothing. In the sentences \`{name}\` is filled with what is
known of the request; a secret or a signature never is. \`{or}\` are settings of the source by which this very request
proves its sender, where there are some, and for \`clock\` the one to raise. What a scheme wants stands in
[Schemes](../schemes.md).
`;
  return `${head}\n## Outside the request\n\n${rowsOf(RECEIPT_DIAGNOSES)}\n\n## In the request\n\n${rowsOf(MISTAKES)}\n`;
}

function rowsOf(diagnoses: Readonly<Record<string, { cause: string; remedy: string }>>): string {
  const rows = Object.entries(diagnoses).map(([code, { cause, remedy }]) => [`\`${code}\``, cause, remedy]);
  return table(['code', 'message', 'remedy'], rows);
}
