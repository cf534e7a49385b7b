import { MISTAKES } from '../../src/core/signature/mistake.ts';
import { table } from './page.ts';

/** The page of what a diagnosis may say, in the program's own words. */
export function mistakesPage(): string {
  const head = `# Mistakes

What \`diagnosis\` of a rejected receipt says: the first of these, from above, that explains why the request proved
nothing. In the sentences \`{name}\` is filled with what is known of the request; a secret or a signature never is. \`{or}\` are
settings of the source that would do as well, where there are some. What a scheme wants stands in
[Schemes](../schemes.md).
`;
  const rows = Object.entries(MISTAKES).map(([code, { cause, remedy }]) => [`\`${code}\``, cause, remedy]);
  return `${head}\n${table(['code', 'message', 'remedy'], rows)}\n`;
}
