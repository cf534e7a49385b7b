/** How long functions are, by pairing brackets in scanned code. */
import { lineAt, type Scanned } from './text.ts';

export interface FunctionSpan {
  /** Line of its head, from 1. */
  line: number;
  lines: number;
}

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const NO_FUNCTION = /\b(?:if|for|while|switch|catch|with|await)\s*$/;
const TYPE_GOES_ON = /(?:[:|&<,(]|\b(?:is|keyof|typeof|extends|readonly|infer))\s*$/;

/** Functions, methods and arrow functions that have a block as their body. */
export function functionsOf({ code }: Scanned): FunctionSpan[] {
  const closings = pairs(code);
  const spans: FunctionSpan[] = [];
  for (const [open, close] of closings) {
    const body = bodyOf(code, open, close, closings);
    const end = body === null ? undefined : closings.get(body);
    if (end === undefined) continue;
    const line = lineAt(code, open);
    spans.push({ line, lines: lineAt(code, end) - line + 1 });
  }
  return spans;
}

/** Offset of every opening bracket → offset of the one that closes it. */
function pairs(code: string): Map<number, number> {
  const open: number[] = [];
  const closings = new Map<number, number>();
  for (const { 0: bracket, index } of code.matchAll(/[()[\]{}]/g)) {
    if (PAIRS[bracket] === undefined) open.push(index);
    else {
      const start = open.pop();
      if (start !== undefined && code[start] === PAIRS[bracket]) closings.set(start, index);
    }
  }
  return closings;
}

/** Where the body of the function begins whose parameters stand between `open` and `close`. */
function bodyOf(code: string, open: number, close: number, closings: Map<number, number>): number | null {
  if (code[open] !== '(' || NO_FUNCTION.test(code.slice(Math.max(0, open - 20), open))) return null;
  const [head = ''] = /^\s*(?:=>\s*)?/.exec(code.slice(close + 1)) ?? [];
  const next = close + 1 + head.length;
  if (code[next] === '{') return next;
  return code[next] === ':' ? afterType(code, next, closings) : null;
}

/** The brace after a return type; braces that belong to the type are stepped over. */
function afterType(code: string, colon: number, closings: Map<number, number>): number | null {
  for (let at = colon + 1; at < code.length; at += 1) {
    const char = code[at] ?? '';
    if (/[;)\]}]/.test(char)) return null;
    if (char === '{' && !TYPE_GOES_ON.test(code.slice(Math.max(0, at - 20), at))) return at;
    if (/[([{]/.test(char)) at = closings.get(at) ?? code.length;
  }
  return null;
}
