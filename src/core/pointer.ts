/** JSON pointers (RFC 6901): where a value stands in a document. */

/** The pointer to what these member names and array indexes lead to from the top; `''` is the whole document. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${escaped(String(step))}`).join('');
}

/** The names and indexes of a pointer, as texts. */
export function pathOf(pointer: string): string[] {
  return pointer.split('/').slice(1).map(unescaped);
}

/** One reference token (§3). `~` goes first, or the escape of `/` would be escaped again. */
function escaped(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** What a token stands for (§4). `~0` comes last, or `~01` would become `/`. */
function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
