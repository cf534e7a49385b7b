/** A sender of signed requests that is written apart from the code that verifies them. */
import { createHmac } from 'node:crypto';
import type { HmacScheme, Signing, StandardScheme } from '../../src/core/signature/scheme.ts';
import { PRESET_NAMES, presetScheme } from '../../src/core/signature/schemes.ts';
import { signatureKey } from '../../src/core/signature/sign.ts';

/** When it sends, in unix seconds. */
export const NOW_SECONDS = 1_767_225_600;

/** What a sender does, step by step, so that each step can be done wrongly. */
export interface Sender {
  secret: string;
  key: Uint8Array;
  /** The body that is sent, and what of it is signed. */
  body: Uint8Array;
  signed: Uint8Array;
  seconds: string;
  hash: 'sha256' | 'sha1' | 'sha512';
  encoding: 'hex' | 'base64' | 'base64url';
  prefix: string;
  signsTime: boolean;
  headers: string[];
}

/** The presets with a MAC. */
export const MAC_SCHEMES = PRESET_NAMES.map(presetScheme).filter(
  (scheme): scheme is HmacScheme | StandardScheme => scheme.type === 'hmac' || scheme.type === 'standard-webhooks',
);

/** A sender that does everything as the scheme has it. */
export function rightly(signing: Signing, secret: string, body: Uint8Array): Sender {
  const { hash, encoding, prefix } = signing;
  const key = signatureKey(secret, signing.keyStyle);
  const rest = { seconds: `${NOW_SECONDS}`, signsTime: true, headers: [] };
  return { secret, key, body, signed: body, hash, encoding, prefix, ...rest };
}

/** The headers that it sends, names and values by turns. */
export function sent({ header, idHeader, timestamp, covers }: Signing, sender: Sender): string[] {
  const before: Record<Signing['covers'], string> = {
    body: '',
    'form-payload': '',
    'timestamp.body': `${sender.seconds}.`,
    'v0:timestamp:body': `v0:${sender.seconds}:`,
    'id.timestamp.body': `msg_1.${sender.seconds}.`,
  };
  const message = Buffer.concat([Buffer.from(sender.signsTime ? before[covers] : ''), sender.signed]);
  const signature = sender.prefix + createHmac(sender.hash, sender.key).update(message).digest(sender.encoding);
  const own = timestamp !== null && 'header' in timestamp ? [timestamp.header, sender.seconds] : [];
  const listed = timestamp !== null && 'entry' in timestamp ? `${timestamp.entry}${sender.seconds},` : '';
  return [...sender.headers, ...(idHeader === null ? [] : [idHeader, 'msg_1']), ...own, header, listed + signature];
}
