import { orSet, schemeAsWritten, schemesReading } from './cure.ts';
import type { DiagnosedCase } from './diagnosed-case.ts';
import type { HeaderValues } from './headers.ts';
import { type Diagnosis, diagnosed } from './mistake.ts';
import type { Refused } from './plan.ts';
import type { Signing } from './scheme.ts';
import { GROUPS, TOKENS } from './usual-headers.ts';

/** What is wrong with a header that has to be there once. */
export function headerFault(
  signing: Signing,
  { reason, header = signing.header }: Refused,
  given: DiagnosedCase,
): Diagnosis {
  const { timestamp } = signing;
  switch (reason) {
    case 'empty_header':
    case 'duplicate_header':
      return diagnosed(reason, { header });
    case 'bad_timestamp':
      return diagnosed('timestamp_missing', {
        header,
        entry: timestamp && 'entry' in timestamp ? timestamp.entry : '',
      });
    default: {
      const instead = similarHeader(header, given.request.headers);
      if (instead === null) return diagnosed('missing_header', { header });
      const or = orSet(schemesFor(signing, header, instead, given), given);
      return diagnosed('other_header', { header, instead, or });
    }
  }
}

/** The schemes of a sender that sends `instead` where another header is missing: as it is written before as is usual. */
function schemesFor(
  signing: Signing,
  missing: string,
  instead: string,
  { request: { headers }, secrets }: DiagnosedCase,
) {
  const usual = schemesReading(headers, instead);
  const [value = '', ...more] = headers(instead);
  if (missing !== signing.header || more.length > 0) return usual;
  const isToken = TOKENS.some((name) => name === instead);
  const written = isToken ? { type: 'token', header: instead } : schemeAsWritten(signing, instead, value, secrets);
  return [written, ...usual];
}

/**
 * A header that is there and that other senders use for what a missing one is for; null when there is none. Only names
 * of this list are ever returned, whatever a request says.
 */
function similarHeader(missing: string, headers: HeaderValues): string | null {
  const wanted = missing.toLowerCase();
  const isIn = (group: readonly string[]) => group.some((name) => name.toLowerCase() === wanted);
  // A header of somebody's own choice holds a signature or a token.
  const group = GROUPS.find(isIn) ?? GROUPS.at(-1) ?? [];
  return group.find((name) => name.toLowerCase() !== wanted && headers(name).length > 0) ?? null;
}
