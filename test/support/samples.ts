import { readFileSync } from 'node:fs';
import type { ReaderInput } from '../../src/core/reader.ts';
import type { SourceType } from '../../src/core/source.ts';

export interface Sample {
  file: string;
  type: SourceType;
  /** What the sender says beside the body, names in lower case. */
  headers?: Readonly<Record<string, string>>;
}

/** Our own sample payloads in the senders' documented formats. */
export const SAMPLES: readonly Sample[] = [
  { file: 'dockerhub-push', type: 'dockerhub' },
  { file: 'harbor-push', type: 'harbor' },
  { file: 'harbor-push-cloudevents', type: 'harbor' },
  { file: 'native-push', type: 'native' },
  { file: 'generic-push', type: 'generic' },
  { file: 'cloudevents-ecr-push', type: 'cloudevents' },
  { file: 'cloudevents-batch', type: 'cloudevents', headers: { 'content-type': 'application/cloudevents-batch+json' } },
  { file: 'cdevents-published', type: 'cdevents' },
  { file: 'cdevents-deleted-cloudevent', type: 'cdevents' },
  { file: 'distribution-push', type: 'distribution' },
  { file: 'distribution-delete', type: 'distribution' },
  { file: 'quay-push', type: 'quay' },
  { file: 'aliyun-push', type: 'aliyun' },
  { file: 'gar-push', type: 'gar' },
  {
    file: 'gar-push-unwrapped',
    type: 'gar',
    headers: { 'x-goog-pubsub-message-id': '1', 'x-goog-pubsub-publish-time': '2026-01-01T00:00:00Z' },
  },
  {
    file: 'zot-push',
    type: 'zot',
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'zotregistry.image.updated',
      'ce-source': 'zotregistry.dev',
      'ce-id': '0d9c0b6e-0000-4000-8000-000000000001',
      'ce-time': '2026-01-01T00:00:00.5Z',
      'content-type': 'application/json',
    },
  },
  { file: 'acr-push', type: 'acr' },
  { file: 'acr-chart-push', type: 'acr' },
  { file: 'acr-eventgrid-batch', type: 'acr-eventgrid', headers: { 'aeg-event-type': 'Notification' } },
  { file: 'acr-eventgrid-cloudevent', type: 'acr-eventgrid' },
  { file: 'ecr-push', type: 'ecr' },
  { file: 'ecr-pull-through', type: 'ecr' },
  { file: 'artifactory-push', type: 'artifactory' },
  { file: 'nexus-created', type: 'nexus', headers: { 'x-nexus-webhook-id': 'rm:repository:component' } },
  { file: 'gitea-package-created', type: 'gitea-package', headers: { 'x-gitea-event': 'package' } },
  { file: 'wud-update', type: 'wud' },
  { file: 'wud-batch', type: 'wud' },
  { file: 'diun-update', type: 'diun' },
  { file: 'ghcr-package', type: 'ghcr', headers: { 'x-github-event': 'package' } },
  { file: 'github-ping', type: 'github', headers: { 'x-github-event': 'ping' } },
  { file: 'github-push', type: 'github', headers: { 'x-github-event': 'push' } },
  { file: 'github-push-tag', type: 'github', headers: { 'x-github-event': 'push' } },
  { file: 'github-pull-request', type: 'github', headers: { 'x-github-event': 'pull_request' } },
  { file: 'github-release', type: 'github', headers: { 'x-github-event': 'release' } },
  { file: 'github-workflow-run', type: 'github', headers: { 'x-github-event': 'workflow_run' } },
  { file: 'github-check-suite', type: 'github', headers: { 'x-github-event': 'check_suite' } },
  { file: 'github-deployment-status', type: 'github', headers: { 'x-github-event': 'deployment_status' } },
  { file: 'gitlab-push', type: 'gitlab' },
  { file: 'gitlab-tag-push', type: 'gitlab' },
  { file: 'gitlab-merge-request', type: 'gitlab' },
  { file: 'gitlab-pipeline', type: 'gitlab' },
  { file: 'gitlab-deployment', type: 'gitlab' },
  { file: 'gitlab-release', type: 'gitlab' },
];

/** When the samples were received: an hour after they say they happened. */
export const RECEIVED_AT_MS = Date.UTC(2026, 0, 1, 1);

/** A fresh copy of a sample, to be changed at will. */
export function sample(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../fixtures/${file}.json`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;
}

/** Input for a reader with nothing configured but what `changes` says. */
export function readerInput(body: unknown, changes: Partial<ReaderInput> = {}): ReaderInput {
  return { body, headers: {}, registry: null, timeZone: null, mapping: null, receivedAtMs: RECEIVED_AT_MS, ...changes };
}
