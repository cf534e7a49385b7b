/** Sources made and changed by the flows themselves. */
import assert from 'node:assert/strict';
import { DEFAULT_TENANT, type Id } from '../../src/core/ids.ts';
import type { SourceInput } from '../../src/core/source-input.ts';
import { type ChangeSource, changeSource } from '../../src/flows/change-source.ts';
import type { LiveSource, SecretDoor } from '../../src/flows/configuration.ts';
import { createSource } from '../../src/flows/create-source.ts';
import type { ChangedSource, MadeSource } from '../../src/flows/sources.ts';
import type { FakePorts } from './ports.ts';

/** A source as a request for it makes it. */
export async function madeSource(ports: FakePorts, input: SourceInput): Promise<MadeSource> {
  const outcome = await createSource(ports, { tenant: DEFAULT_TENANT, by: null, input, enabled: true });
  assert.ok(outcome.kind === 'created', JSON.stringify(outcome));
  return outcome;
}

/** What comes of a change. */
export function tryChange(ports: FakePorts, id: Id, more: Partial<ChangeSource>): ReturnType<typeof changeSource> {
  return changeSource(ports, { tenant: DEFAULT_TENANT, id, patch: {}, ifVersion: null, ...more });
}

/** A source after a change that is made. */
export async function changed(ports: FakePorts, id: Id, more: Partial<ChangeSource>): Promise<ChangedSource> {
  const outcome = await tryChange(ports, id, more);
  assert.ok(outcome.kind === 'changed', JSON.stringify(outcome));
  return outcome;
}

/** A source as it stands. */
export async function standing(ports: FakePorts, id: Id): Promise<LiveSource> {
  const source = (await ports.configuration.refresh(DEFAULT_TENANT)).sources.get(id);
  assert.ok(source !== undefined, id);
  return source;
}

/** What the key of a secret URL leads to. */
export function doorOf(ports: FakePorts, key: string | null | undefined): SecretDoor | undefined {
  const digest = Buffer.from(ports.mac.sha256(key ?? '')).toString('hex');
  return ports.configuration.peek(DEFAULT_TENANT)?.sourcesByUrlKey.get(digest);
}
