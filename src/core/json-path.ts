import parse, { type JsonPathQuery } from 'jsonpath-rfc9535/parser';

/** Picks one child: by member name of an object, by index of an array (negative = from its end), or either. */
interface Child {
  kind: 'child';
  name: string | null;
  index: number | null;
}

type Selector = Child | { kind: 'every' } | { kind: 'slice'; start: number | null; end: number | null; step: number };

/** Where a singular path leads. `steps` are as the document has them, as far as it goes along, then as written. */
export interface Followed {
  /** undefined when the document has nothing there. */
  node: unknown;
  steps: readonly (string | number)[];
}

/**
 * A path into a JSON document. `singular` selects at most one node and has an `id` that is the same for all spellings
 * of the same steps; `plural` may select many.
 */
export type JsonPath =
  | { kind: 'singular'; steps: readonly Child[]; id: string }
  | { kind: 'plural'; steps: readonly (readonly Selector[])[] };

/** A path to one place at most. */
export type SingularPath = Extract<JsonPath, { kind: 'singular' }>;

export type PathParsed = { kind: 'path'; path: JsonPath } | { kind: 'refused'; message: string };

/** Longest accepted path, in characters. */
const MAX_PATH_LENGTH = 512;

const DOTTED = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const INDEX = /^(0|[1-9][0-9]{0,8})$/;
const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gs;

/**
 * What a path may not hold, looked for outside its quoted names and before the grammar runs: the library's parser takes
 * exponential time on nested calls in filters, and descendants have no bound on the nodes they visit.
 */
const FORBIDDEN: readonly (readonly [part: string, message: string])[] = [
  ['?', 'filter selectors (?) are not allowed in a path; use a rule of its own'],
  ['(', 'functions are not allowed in a path'],
  ['..', 'descendant selectors (..) are not allowed in a path; write the path from the root'],
];

/** Parses a JSONPath (RFC 9535: names, indexes, wildcards, slices) or a dotted path such as `data.items.0.name`. */
export function parsePath(field: string): PathParsed {
  if (field.length > MAX_PATH_LENGTH) return refuse(`a path has at most ${MAX_PATH_LENGTH} characters`);
  if (!field.startsWith('$')) return parseDotted(field);
  const bare = field.replace(QUOTED, "''");
  const forbidden = FORBIDDEN.find(([part]) => bare.includes(part));
  return forbidden === undefined ? parseQuery(field) : refuse(forbidden[1]);
}

function parseDotted(field: string): PathParsed {
  if (!DOTTED.test(field)) {
    return refuse('not a path: write names joined by dots (data.environment.name) or a JSONPath beginning with $');
  }
  return { kind: 'path', path: singular(field.split('.').map(dottedStep)) };
}

function dottedStep(name: string): Child {
  return { kind: 'child', name, index: INDEX.test(name) ? Number(name) : null };
}

function parseQuery(field: string): PathParsed {
  const query = tryParse(field);
  if (typeof query === 'number') return refuse(`not a JSONPath (RFC 9535): wrong at character ${query}`);
  const steps = query.segments.map(selectorsOf);
  if (steps.flat().some((selector) => !hasSafeNumbers(selector))) return refuse('an index is out of range (RFC 9535)');
  const children = steps.flatMap(([only, ...others]) => (only?.kind === 'child' && others.length === 0 ? [only] : []));
  return { kind: 'path', path: children.length === steps.length ? singular(children) : { kind: 'plural', steps } };
}

/** The parsed query, or the place (counted from 1) where the text departs from the grammar. */
function tryParse(field: string): JsonPathQuery | number {
  try {
    return parse(field);
  } catch (error) {
    const location: unknown = error instanceof Error && 'location' in error ? error.location : null;
    const place = followSteps(['start', 'column'].map(dottedStep), location);
    return typeof place === 'number' ? place : 1;
  }
}

type Segment = JsonPathQuery['segments'][number];
type ParsedSelector = Extract<Segment['node'], { type: 'BracketedSelection' }>['selectors'][number];

function selectorsOf({ node }: Segment): readonly Selector[] {
  switch (node.type) {
    case 'MemberNameShorthand':
      return [{ kind: 'child', name: node.value, index: null }];
    case 'WildcardSelector':
      return [{ kind: 'every' }];
    case 'BracketedSelection':
      return node.selectors.flatMap(selectorOf);
  }
}

function selectorOf(selector: ParsedSelector): readonly Selector[] {
  switch (selector.type) {
    case 'NameSelector':
      return [{ kind: 'child', name: selector.value, index: null }];
    case 'IndexSelector':
      return [{ kind: 'child', name: null, index: selector.value }];
    case 'WildcardSelector':
      return [{ kind: 'every' }];
    case 'SliceSelector':
      return [{ kind: 'slice', start: selector.start, end: selector.end, step: selector.step ?? 1 }];
    case 'FilterSelector':
      return []; // refused before the grammar runs
  }
}

function hasSafeNumbers(selector: Selector): boolean {
  if (selector.kind === 'every') return true;
  const numbers = selector.kind === 'child' ? [selector.index] : [selector.start, selector.end, selector.step];
  return numbers.every((number) => number === null || Number.isSafeInteger(number));
}

function singular(steps: readonly Child[]): JsonPath {
  return { kind: 'singular', steps, id: JSON.stringify(steps.map(({ name, index }) => [name, index])) };
}

function refuse(message: string): PathParsed {
  return { kind: 'refused', message };
}

/** How many more nodes a walk may visit; counted down in place. */
export interface NodeBudget {
  nodes: number;
  /** Whether nodes were left out because of that. */
  isCut: boolean;
}

/**
 * Whether `test` holds for any node that `path` selects in `document`, in document order and each node once. Stops at
 * the first that holds, and takes the rest as not there when `budget` is used up. A missing node is never tested.
 */
export function someNode(
  path: JsonPath,
  document: unknown,
  budget: NodeBudget,
  test: (node: unknown) => boolean,
): boolean {
  if (path.kind === 'plural') return walk(document, path.steps, 0, budget, test);
  const node = followSteps(path.steps, document);
  return node !== undefined && test(node);
}

/** Follows a path to its one place, and says by which steps. */
export function follow({ steps }: SingularPath, document: unknown): Followed {
  let node = document;
  const taken: (string | number)[] = [];
  for (const step of steps) {
    taken.push(Array.isArray(node) ? placeIn(node, step) : (step.name ?? step.index ?? 0));
    node = typeof node === 'object' && node !== null ? childOf(node, step) : undefined;
  }
  return { node, steps: taken };
}

function placeIn(array: readonly unknown[], { name, index }: Child): string | number {
  if (index === null) return name ?? 0;
  return index < 0 ? Math.max(array.length + index, 0) : index;
}

function walk(
  node: unknown,
  steps: readonly (readonly Selector[])[],
  depth: number,
  budget: NodeBudget,
  test: (node: unknown) => boolean,
): boolean {
  const selectors = steps[depth];
  if (selectors === undefined) return test(node);
  if (typeof node !== 'object' || node === null) return false;
  for (const child of childrenOf(node, selectors, budget)) {
    if (walk(child, steps, depth + 1, budget, test)) return true;
  }
  return false;
}

function followSteps(steps: readonly Child[], document: unknown): unknown {
  let node = document;
  for (const step of steps) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = childOf(node, step);
  }
  return node;
}

function childOf(node: object, { name, index }: Child): unknown {
  if (Array.isArray(node)) return index === null ? undefined : node.at(index);
  return name === null ? undefined : memberOf(node, name);
}

/** Own members only: `constructor` and `__proto__` are absent unless the document has them. */
function memberOf(node: object, name: string): unknown {
  return Object.hasOwn(node, name) ? (node as Readonly<Record<string, unknown>>)[name] : undefined;
}

/**
 * Each selected child once: repeats such as `[0,0][0,0]…` would otherwise double the nodes with every segment. They count
 * as visited all the same, since finding them takes as long.
 */
function* childrenOf(node: object, selectors: readonly Selector[], budget: NodeBudget): Generator<unknown> {
  const seen = new Set<string | number>();
  for (const selector of selectors) {
    for (const key of keysOf(node, selector)) {
      if (budget.nodes <= 0) {
        budget.isCut = true;
        return;
      }
      budget.nodes--;
      if (selectors.length > 1 && seen.has(key)) continue;
      if (selectors.length > 1) seen.add(key);
      yield Array.isArray(node) ? node[Number(key)] : memberOf(node, String(key));
    }
  }
}

function* keysOf(node: object, selector: Selector): Generator<string | number> {
  if (!Array.isArray(node)) {
    if (selector.kind === 'every') yield* namesIn(node);
    if (selector.kind === 'child' && selector.name !== null && Object.hasOwn(node, selector.name)) yield selector.name;
    return;
  }
  if (selector.kind === 'every') yield* node.keys();
  if (selector.kind === 'slice') yield* sliceKeys(node.length, selector.start, selector.end, selector.step);
  if (selector.kind === 'child' && selector.index !== null) {
    const index = selector.index < 0 ? node.length + selector.index : selector.index;
    if (index >= 0 && index < node.length) yield index;
  }
}

/** Objects with more members than this have their names listed once: that takes a millisecond for 5000. */
const MANY_NAMES = 1000;
const manyNames = new WeakMap<object, readonly string[]>();

function namesIn(node: object): readonly string[] {
  const known = manyNames.get(node);
  if (known !== undefined) return known;
  const names = Object.keys(node);
  if (names.length > MANY_NAMES) manyNames.set(node, names);
  return names;
}

/** Indexes of a slice by RFC 9535 §2.3.4.2; a step of 0 selects nothing. */
function* sliceKeys(length: number, start: number | null, end: number | null, step: number): Generator<number> {
  const absolute = (index: number): number => (index < 0 ? length + index : index);
  const within = (index: number, low: number, high: number): number => Math.min(Math.max(index, low), high);
  if (step > 0) {
    const upper = within(absolute(end ?? length), 0, length);
    for (let at = within(absolute(start ?? 0), 0, length); at < upper; at += step) yield at;
  } else if (step < 0) {
    const lower = within(end === null ? -1 : absolute(end), -1, length - 1);
    for (let at = within(absolute(start ?? length - 1), -1, length - 1); at > lower; at += step) yield at;
  }
}
