/**
 * Text as PostgreSQL can hold it: it refuses U+0000, which SQLite and people's keys may have. U+0000 and U+0001 are
 * written as two characters each, so that every text comes back as it was and texts keep their order by bytes.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that need another form
const PLAIN = /[\u0000\u0001]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that need another form
const STORED = /\u0001([\u0001\u0002])/g;

export function storedText(text: string): string {
  return text.replace(PLAIN, (found) => (found === '\u0000' ? '\u0001\u0001' : '\u0001\u0002'));
}

export function plainText(stored: string): string {
  return stored.includes('\u0001')
    ? stored.replace(STORED, (_, mark: string) => (mark === '\u0001' ? '\u0000' : '\u0001'))
    : stored;
}
