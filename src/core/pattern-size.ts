/**
 * About how large the program of an RE2 pattern becomes, told by its text alone: compiling `(?:\pL{999}){999}` to measure
 * it takes the time and memory that its size is limited for. What is no pattern has some size too.
 */

/** An open group: its finished branches together, the branch being read, and the last part of that. */
interface Group {
  branches: number;
  /** Whether a branch of one character was counted: all of them become one class. */
  hasSingle: boolean;
  branch: number;
  last: number;
  /** What the group itself takes: 2 when it captures. */
  own: number;
}

type Step = (groups: Group[], token: RegExpExecArray) => void;

/** What a pattern is made of; the first that fits is read. */
const TOKENS: readonly (readonly [token: RegExp, step: Step])[] = [
  [/\\Q(.*?)(?:\\E|$)/suy, (groups, [, literal = '']) => addParts(groups, literal.length)],
  [/\\(?:[pPx](?:\{[^}]*\}|.)?|[0-7]{1,3}|.)?/suy, (groups) => addPart(groups, 1)],
  [/\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]?/suy, (groups) => addPart(groups, 1)],
  [/\(\?[imsU-]*\)/uy, () => {}],
  [/\(\?[imsU-]*:/uy, (groups) => groups.push(group(0))],
  [/\((?:\?P?<[^>]*>)?/uy, (groups) => groups.push(group(2))],
  [/\)/uy, closeGroup],
  [/\|/uy, (groups) => endBranch(groups)],
  [/[*+?]/uy, (groups) => repeat(groups, 1, 2)],
  [/\{(\d+)(,?)(\d*)\}/uy, (groups, [, least, comma, most]) => repeatBetween(groups, Number(least), comma, most)],
  [/./suy, (groups) => addPart(groups, 1)],
];

/** The size of `pattern` in instructions, as its repetitions written out would be. */
export function estimatedSize(pattern: string): number {
  const groups = [group(0)];
  let at = 0;
  while (at < pattern.length) at = readToken(groups, pattern, at);
  while (groups.length > 1) closeGroup(groups);
  endBranch(groups);
  return groups[0]?.branches ?? 0;
}

function readToken(groups: Group[], pattern: string, at: number): number {
  for (const [token, step] of TOKENS) {
    token.lastIndex = at;
    const found = token.exec(pattern);
    if (found === null) continue;
    step(groups, found);
    return token.lastIndex;
  }
  return at + 1;
}

function group(own: number): Group {
  return { branches: 0, hasSingle: false, branch: 0, last: 0, own };
}

function addPart(groups: readonly Group[], size: number): void {
  const open = groups.at(-1);
  if (open === undefined) return;
  open.branch += open.last;
  open.last = size;
}

function addParts(groups: readonly Group[], count: number): void {
  addPart(groups, Math.max(0, count - 1));
  addPart(groups, Math.min(1, count));
}

/** A choice takes an instruction beside its branches; of single characters a class is made. */
function endBranch(groups: readonly Group[]): void {
  const open = groups.at(-1);
  if (open === undefined) return;
  const size = open.branch + open.last;
  if (size !== 1 || !open.hasSingle) open.branches += size + (open.branches > 0 ? 1 : 0);
  open.hasSingle ||= size === 1;
  open.branch = 0;
  open.last = 0;
}

function closeGroup(groups: Group[]): void {
  if (groups.length < 2) return;
  endBranch(groups);
  const closed = groups.pop();
  addPart(groups, (closed?.branches ?? 0) + (closed?.own ?? 0));
}

function repeatBetween(groups: readonly Group[], least: number, comma: string | undefined, most = ''): void {
  if (comma === '') repeat(groups, least, 0);
  else if (most === '') repeat(groups, Math.max(1, least), 2);
  else repeat(groups, Number(most), Number(most) - least);
}

function repeat(groups: readonly Group[], times: number, more: number): void {
  const open = groups.at(-1);
  if (open !== undefined) open.last = open.last * times + more;
}
