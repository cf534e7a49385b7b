/** The doors of a running Hookyard, and what is sent to them. */
import type { HookyardSubject } from './subject.ts';

/** A source as far as it matters here. */
export interface MadeSource {
  id: string;
  urls: { typed?: string; secret?: string };
}

/** About 1 KiB, as the common registries send. A native body counts each time it is sent. */
export const doorBody: string = JSON.stringify({
  image: 'registry.example.com/acme/checkout:2.4.0',
  note: 'x'.repeat(950),
});

/** Makes a source; rejects when it is refused. */
export async function makeSource(
  { url, apiKey }: HookyardSubject,
  fields: Readonly<Record<string, unknown>>,
): Promise<MadeSource> {
  const answer = await fetch(`${url}/api/v1/sources`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
  if (answer.status !== 201) throw new Error(`the source was answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: MadeSource }).data;
}

/** The path its sender posts to: the secret one where there is one. */
export function pathOf({ urls }: MadeSource): string {
  return new URL(urls.secret ?? urls.typed ?? '').pathname;
}

/** A whole request, as latin1 text. */
export function doorRequest(
  path: string,
  { method = 'POST', headers = {}, body = doorBody }: Partial<{ method: string; headers: object; body: string }> = {},
): string {
  const head = [`${method} ${path} HTTP/1.1`, 'host: 127.0.0.1', 'content-type: application/json'];
  if (body !== '') head.push(`content-length: ${body.length}`);
  head.push(...Object.entries(headers).map(([name, value]) => `${name}: ${value}`));
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
