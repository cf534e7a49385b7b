/** Why a rejected request was refused, where that is not the sender's mistake. The others are those of the doctor. */
import type { Diagnosis } from './signature/mistake.ts';

/** What is wrong, for people; what it says is free of secrets. */
export type ReceiptDiagnosis = Omit<Diagnosis, 'code'> & { code: string };

/** In the order of the reference page. `{name}` stands for a word of the case. */
export const RECEIPT_DIAGNOSES = {
  proved_now: {
    cause: 'By what the source is now, it proves its sender.',
    remedy: 'Accept it: POST …/accept works it through as if it had come now.',
  },
  address_not_allowed: {
    cause: 'It came from {address}, which `ipAllowList` of the source does not have.',
    remedy: 'Add the address to `ipAllowList`, or see whether `--trusted-proxies` names every proxy on the way.',
  },
  address_unknown: {
    cause: 'It came from an address that is not known, and `ipAllowList` of the source has none but known ones.',
    remedy:
      'Behind a proxy: have it write the address of the sender into `X-Forwarded-For` or `Forwarded`, and remove the ' +
      'one of the two that it does not write. Without one: a request that is handed to `fetch` of the library comes ' +
      'from no address; have it come through the listener.',
  },
  secret_unavailable: {
    cause: 'The secret that the source refers to cannot be read: {reason}.',
    remedy: 'Put the secret where `secretRef` says.',
  },
  proof_not_kept: {
    cause: 'What it tried to prove itself with was not kept, or not what the scheme of the source reads now.',
    remedy: 'Have the sender send it again.',
  },
  kept_in_part: {
    cause: 'Only the beginning of its body was kept, and the signature is over all of it.',
    remedy: 'Have the sender send it again: as soon as the secret is right, it is taken.',
  },
} as const;

/** What to do about a reason of ours, where that takes no look at the request; null for every other reason. */
export function ourRemedy(reason: string): string | null {
  return reason === 'address_not_allowed' || reason === 'secret_unavailable' ? RECEIPT_DIAGNOSES[reason].remedy : null;
}

/** The row of `code` in words; `facts` fill what stands in braces. */
export function ourDiagnosis(
  code: keyof typeof RECEIPT_DIAGNOSES,
  facts: Readonly<Record<string, string>> = {},
): ReceiptDiagnosis {
  const { cause, remedy } = RECEIPT_DIAGNOSES[code];
  return { code, message: cause.replace(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? ''), remedy };
}
