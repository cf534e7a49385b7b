/** What a change of some fields makes of the others. */
import { stillGoing } from './retiring.ts';
import type { SourceConfig } from './source.ts';
import {
  completeSource,
  type SourceCompleted,
  type SourceInput,
  type SourceMaker,
  shownSource,
  sourceFaults,
} from './source-input.ts';
import { endedSecrets, keptSecrets } from './source-secrets.ts';
import { untouchedFaults } from './standing-faults.ts';

type Patch = Partial<SourceInput>;

/**
 * The source with a patch over it, checked as a new one is, but for what stood wrong before and is not touched. A secret stays with the type of scheme that it was made
 * for, and a secret URL as long as there is one: another one is for regenerating alone.
 * @param mostBodyBytes the limit of the instance; it is held against a limit that the patch sets
 */
export function changedSource(
  config: SourceConfig,
  patch: Patch,
  { maker, mostBodyBytes, nowMs }: { maker: SourceMaker; mostBodyBytes: number; nowMs: number },
): SourceCompleted {
  const most = patch.maxBodyBytes == null ? Infinity : mostBodyBytes;
  const input = { ...storedInput(config, patch), ...patch };
  const faults = untouchedFaults(sourceFaults(config), (field) => touches(patch, field));
  const completed = completeKeeping(config, input, (whole) => completeSource(whole, maker, most, { config, faults }));
  if (completed.kind === 'invalid') return completed;
  const change = { isGiven: patch.secret !== undefined, nowMs };
  return { ...completed, config: lasting(config, completed.config, change) };
}

function touches(patch: Patch, field: string): boolean {
  return field === 'scheme' ? namesScheme(patch) : Object.hasOwn(patch, field);
}

/** Under its own name, or those of seed 001. */
function namesScheme({ scheme, signatureHeader, signatureAlgorithm }: Patch): boolean {
  return scheme !== undefined || signatureHeader !== undefined || signatureAlgorithm !== undefined;
}

/** With the stored secret, if it is one for the scheme after the change. */
function completeKeeping(
  { secrets: [secret], scheme }: SourceConfig,
  input: SourceInput,
  complete: (input: SourceInput) => SourceCompleted,
): SourceCompleted {
  if (secret === undefined || input.secret !== undefined || (input.secretRef ?? null) !== null) return complete(input);
  const kept = complete({ ...input, secret });
  return kept.kind === 'config' && kept.config.scheme.type === scheme.type ? kept : complete(input);
}

/** The stored fields, without those that give way to the patch. */
function storedInput(config: SourceConfig, patch: Patch): SourceInput {
  const { scheme, secretRef, ...stored } = shownSource(config);
  return {
    ...stored,
    ...(namesScheme(patch) ? {} : { scheme }),
    // What is stored takes the place of what was referred to.
    ...(patch.secret === undefined ? { secretRef } : {}),
  };
}

interface SecretChange {
  /** Whether the patch has a secret: none goes on beside such a one, be it the one in use. */
  isGiven: boolean;
  nowMs: number;
}

/** What a change of fields leaves as it is. Old secrets go on beside the one they gave way to, and beside no other. */
function lasting(before: SourceConfig, after: SourceConfig, { isGiven, nowMs }: SecretChange): SourceConfig {
  const hasUrl = after.urlKey !== null;
  return {
    ...after,
    urlKey: hasUrl ? (before.urlKey ?? after.urlKey) : null,
    retiringSecrets: oldSecrets(before, after, { isGiven, nowMs }),
    retiringUrlKeys: hasUrl ? stillGoing(before.retiringUrlKeys, nowMs) : [],
    pausedAtMs: before.pausedAtMs,
  };
}

/** Those of another type of scheme, or beside a reference, explain nothing. */
function oldSecrets(
  before: SourceConfig,
  after: SourceConfig,
  { isGiven, nowMs }: SecretChange,
): SourceConfig['retiringSecrets'] {
  const [secret] = after.secrets;
  const ends = isGiven && stillGoing(before.retiringSecrets, nowMs).length > 0;
  if (before.secrets[0] === secret && !ends) return keptSecrets(before.retiringSecrets, nowMs);
  if (secret === undefined || before.scheme.type !== after.scheme.type) return [];
  return endedSecrets(before, secret, nowMs);
}
