/** The usual mistakes between a sender and a source, in the order in which they are looked for. */

/** What is wrong, for people. Never holds a secret, a MAC, or anything else that a request carried as its proof. */
export interface Diagnosis {
  code: MistakeCode;
  /** The cause. */
  message: string;
  /** What to do about it. */
  remedy: string;
}

interface Mistake {
  /**
   * In both: `{name}` stands for a word of the case, such as the name of a header; `{or}` for settings of the source that
   * would do as well, or nothing.
   */
  cause: string;
  remedy: string;
}

const SAME_BYTES = 'Sign exactly the bytes that are sent';

export const MISTAKES = {
  not_secret_url: {
    cause: 'The request came to the typed address, but what proves this sender is the secret URL.',
    remedy: 'Have the sender post to `urls.secret` of the source.',
  },
  no_secret: {
    cause: 'The source has no secret that could prove anybody.',
    remedy: 'Give the source a secret, and the sender the same one.',
  },
  other_header: {
    cause: 'There is no header {header}; {instead} is there instead.',
    remedy: 'Have the sender send {header}{or}.',
  },
  missing_header: {
    cause: 'There is no header {header}.',
    remedy: 'Set the secret on the sender, so that it sends the header; see that no proxy on the way drops it.',
  },
  empty_header: {
    cause: 'The header {header} is empty.',
    remedy: 'Set the secret on the sender: some send the header empty while they have none.',
  },
  duplicate_header: {
    cause: 'The header {header} is there more than once, and each reader might take another one.',
    remedy: 'Have it sent once; see whether a proxy on the way adds its own.',
  },
  timestamp_missing: {
    cause: 'There is not exactly one timestamp behind `{entry}` in {header}.',
    remedy: 'Have the sender write timestamp and signature into this header as the scheme has them.',
  },
  secret_sent: {
    cause: 'The sender sends the secret itself in {header}, where a signature belongs.',
    remedy: 'Have the sender sign{or}. Rotate the secret if others could see it.',
  },
  bad_id: {
    cause: 'The message id in {header} is too long, or has a dot or something else in it than visible ASCII.',
    remedy: 'Have the sender choose ids of letters, digits, `-` and `_`.',
  },
  timestamp_milliseconds: {
    cause: 'The timestamp in {header} is in milliseconds; it has to be in seconds.',
    remedy: 'Have the sender divide it by 1000, and sign what it then writes.',
  },
  timestamp_malformed: {
    cause: 'The timestamp in {header} is not a whole number of seconds since 1970.',
    remedy: 'Have the sender write unix time in seconds, in digits alone.',
  },
  clock: {
    cause: 'The timestamp is {aside} {direction}; {tolerance} are allowed.',
    remedy:
      'Set the clocks of both machines by NTP. If it came late because it was queued or sent again, ' +
      'have it signed anew for each try{or}.',
  },
  algorithm: {
    cause: 'The signature in {header} has the length of {found}; this scheme wants {expected}.',
    remedy: 'Have the sender sign with {expected}{or}.',
  },
  prefix_missing: {
    cause: 'The signature in {header} lacks `{prefix}` before it.',
    remedy: 'Have the sender write `{prefix}` before it{or}.',
  },
  prefix_extra: {
    cause: 'Something stands before the signature in {header}, where the scheme expects it bare.',
    remedy: 'Have the sender write the signature alone{or}.',
  },
  prefix_other: {
    cause: 'Something else than `{prefix}` stands before the signature in {header}.',
    remedy: 'Have the sender write `{prefix}` before it, upper and lower case included{or}.',
  },
  encoding: {
    cause: 'What is in {header} is written as {found}; this scheme wants {expected}.',
    remedy: 'Have the sender write it as {expected}{or}.',
  },
  whitespace: {
    cause: 'There are spaces or quotation marks around what is in {header}.',
    remedy: 'Have the sender leave them out.',
  },
  malformed: {
    cause: 'What is in {header} is not a signature of any known form.',
    remedy: 'See the header in the documentation of the sender and choose the scheme that it describes.',
  },
  form_malformed: {
    cause: 'The body is a form, but not of the one field `payload` that is signed.',
    remedy: 'Have the sender post JSON, or a form with `payload` alone.',
  },
  empty_key: {
    cause: 'The sender signs with an empty secret, or with a word such as `undefined` in place of one.',
    remedy: 'Set the secret on the sender; see whether the variable it is read from is set there.',
  },
  secret_whitespace: {
    cause: 'The secret has a space or a line break at its end or beginning on one side and not on the other.',
    remedy: 'Set it again on both sides; write files with `printf %s`, not with `echo`.',
  },
  secret_not_decoded: {
    cause: 'The sender signs with the text of the `whsec_` secret; its bytes are what is base64 behind `whsec_`.',
    remedy: 'Have the sender decode the part behind `whsec_`, as the libraries of Standard Webhooks do.',
  },
  secret_decoded: {
    cause: 'The sender takes `whsec_` off the secret before it signs; this scheme uses the secret as it is written.',
    remedy: 'Have the sender use the whole text, or give both sides a secret without `whsec_`.',
  },
  secret_hex: {
    cause: 'The sender decodes the secret from hex before it signs; this scheme uses the text.',
    remedy: 'Have the sender use the text as it is, or give both sides a secret that is not hex.',
  },
  secret_base64: {
    cause: 'The sender decodes the secret from base64 before it signs; this scheme uses the text.',
    remedy: 'Have the sender use the text as it is; for scheme "standard-webhooks", write `whsec_` before the secret.',
  },
  stale_secret: {
    cause: 'The sender uses a secret of this source that was replaced and has ended.',
    remedy: 'Give the sender the present secret; rotate with a longer `graceSeconds` next time.',
  },
  form_payload: {
    cause: 'Of the form, the sender signs {found}; this scheme covers {expected}.',
    remedy: 'Have the sender post JSON instead of a form{or}.',
  },
  timestamp_not_signed: {
    cause: 'The sender signs the body alone; this scheme covers `{expected}`.',
    remedy:
      'Have the sender sign `{expected}`{or}. A recording of what is signed without a time can be sent at any time.',
  },
  covers_other: {
    cause: 'The sender signs `{found}`; this scheme covers `{expected}`.',
    remedy: 'Have the sender sign `{expected}`{or}.',
  },
  newline: {
    cause: 'What was signed has a line break at its end that was not sent, or the other way round.',
    remedy: `${SAME_BYTES}: with curl use \`--data-binary\`, in a shell \`printf %s\` instead of \`echo\`.`,
  },
  line_endings: {
    cause: 'The line breaks were changed between signing and sending (LF and CRLF).',
    remedy: `${SAME_BYTES}: with curl use \`--data-binary\`, and write files in binary mode.`,
  },
  byte_order_mark: {
    cause: 'A byte order mark stands at the beginning of what was signed and not of what was sent, or the other way.',
    remedy: `${SAME_BYTES}: encode as UTF-8 without a byte order mark.`,
  },
  reserialised: {
    cause: 'The JSON was written anew between signing and sending: the data is the same, the bytes are not.',
    remedy: `${SAME_BYTES}: serialise once, sign that, send that. A proxy that rewrites JSON has to leave it alone.`,
  },
  body_not_signed: {
    cause: 'The sender signs an empty body, not the one it sends.',
    remedy: `${SAME_BYTES}: its body was probably read or parsed before, or is set only after signing.`,
  },
  variable_sent: {
    cause: 'The sender sends the name of a variable, a word such as `undefined`, or nothing, where the secret belongs.',
    remedy:
      'See whether the variable is set where the sender runs, and whether it is read there: a shell reads none between single quotes.',
  },
  basic_sent: {
    cause: 'The sender sends user and password (`Basic`); this source compares the whole value of {header}.',
    remedy: 'Choose scheme "basic" with "user:password" as the secret.',
  },
  authorization_extra: {
    cause: 'The sender writes a word such as `Bearer` before the token; the secret of the source has none.',
    remedy: 'Set the secret to the whole value of {header}, including that word and the space behind it.',
  },
  authorization_missing: {
    cause: 'The secret of the source begins with a word such as `Bearer`; the sender sends the token without it.',
    remedy: 'Have the sender write that word before the token, or set the secret without it.',
  },
  authorization_other: {
    cause: 'Another word stands before what is in {header} than this scheme expects.',
    remedy: 'Set both sides alike, upper and lower case included; scheme "basic" expects `Basic`.',
  },
  name_sent: {
    cause:
      'The sender writes a name and a colon before the secret, as if it had to write the whole line of the header.',
    remedy: 'Have the sender write the secret alone where it asks for the value of a header.',
  },
  letter_case: {
    cause: 'Upper and lower case differ between the secret and what was sent.',
    remedy: 'Set the secret again, exactly as the sender has it.',
  },
  user_other: {
    cause: 'The password is right, the user before it is not.',
    remedy:
      'Set both sides to the same `user:password`; between double quotes a shell takes `$` and what follows for a variable.',
  },
  signature_sent: {
    cause: 'The sender sends a signature made with the secret in {header}, not the secret itself.',
    remedy: 'Have the sender send the secret itself{or}.',
  },
  unexplained: {
    cause:
      'Nothing usual explains it: the sender uses another secret, or the request was changed on its way, ' +
      'or it is not from this sender.',
    remedy: 'Set the same secret on both sides; rotate it if you cannot see the one that the sender has.',
  },
} as const satisfies Readonly<Record<string, Mistake>>;

export type MistakeCode = keyof typeof MISTAKES;

/** A mistake in words. @param words what stands for the `{…}` of its texts */
export function diagnosed(code: MistakeCode, words: Readonly<Record<string, string>> = {}): Diagnosis {
  const { cause, remedy }: Mistake = MISTAKES[code];
  const filled = (text: string) =>
    text.replace(/\{([a-z]+)\}/g, (_, name: string) => words[name] ?? (name === 'or' ? '' : '…'));
  return { code, message: filled(cause), remedy: filled(remedy) };
}
