/** Judges imports by a table of layers. */
import { type Import, targetOf } from './imports.ts';
import type { Source } from './sources.ts';

export interface Layer {
  name: string;
  /** `src/core/`: all below the folder · `src/adapters/*`: its own files only · else one file. The first row wins. */
  holds: readonly string[];
  /** Layers by name; its own is not included. */
  layers: readonly string[] | 'any';
  npm: readonly string[] | 'any';
  node: readonly string[] | 'any';
  /** What may be imported besides, as types only. */
  types?: readonly string[];
  /** Is no part of the program: `.test.ts` files, wherever they stand. */
  tests?: true;
}

/** The layer of a file or folder, or nothing for one that the map does not know. */
export function layerOf(map: readonly Layer[], path: string): Layer | undefined {
  if (/\.test\.tsx?$/.test(path)) return map.find((layer) => layer.tests);
  return map.find((layer) => layer.holds.some((place) => isIn(place, path)));
}

function isIn(place: string, path: string): boolean {
  if (place.endsWith('/')) return path.startsWith(place);
  if (!place.endsWith('*')) return path === place;
  const folder = place.slice(0, -1);
  return path.startsWith(folder) && !path.slice(folder.length).includes('/');
}

/** Files that no row of the map holds. */
export function unmapped(map: readonly Layer[], sources: readonly Source[]): string[] {
  return sources.filter(({ path }) => layerOf(map, path) === undefined).map(({ path }) => path);
}

/** Imports that the map does not allow, one line each. */
export function forbiddenImports(map: readonly Layer[], sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const layer = layerOf(map, source.path);
    if (layer === undefined) return [];
    return source.imports
      .filter((entry) => !isAllowed(map, layer, source.path, entry))
      .map(({ specifier }) => `${source.path} (${layer.name}) imports ${specifier ?? 'a computed name'}`);
  });
}

function isAllowed(map: readonly Layer[], layer: Layer, from: string, entry: Import): boolean {
  const target = targetOf(from, entry);
  const isListed = (list: readonly string[] | 'any', name: string) =>
    list === 'any' || list.includes(name) || (entry.typeOnly && layer.types?.includes(name) === true);
  switch (target.kind) {
    case 'computed':
      return layer.layers === 'any';
    case 'npm':
      return isListed(layer.npm, target.package);
    case 'node':
      return isListed(layer.node, target.module);
    case 'path': {
      const reached = layerOf(map, target.path);
      return reached === undefined ? layer.layers === 'any' : reached === layer || isListed(layer.layers, reached.name);
    }
  }
}
