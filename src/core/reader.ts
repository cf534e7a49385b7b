import { readDockerHub } from './reader/dockerhub.ts';
import { readHarbor } from './reader/harbor.ts';
import { readNative } from './reader/native.ts';
import type { Reader } from './reader/reading.ts';
import type { SourceType } from './source.ts';

export type { Reader, ReaderInput, Reading } from './reader/reading.ts';

/** Which reader understands the payloads of a type of source. */
export const readers: Readonly<Record<SourceType, Reader>> = {
  dockerhub: readDockerHub,
  harbor: readHarbor,
  native: readNative,
};
