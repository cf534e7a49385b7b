import { readAcr } from './reader/acr.ts';
import { readAcrEventGrid } from './reader/acr-eventgrid.ts';
import { readAliyun } from './reader/aliyun.ts';
import { readArtifactory } from './reader/artifactory.ts';
import { readDetected } from './reader/auto.ts';
import { readCdevents } from './reader/cdevents.ts';
import { readCloudEvents } from './reader/cloudevents.ts';
import { readDistribution } from './reader/distribution.ts';
import { readDiun } from './reader/diun.ts';
import { readDockerHub } from './reader/dockerhub.ts';
import { readEcr } from './reader/ecr.ts';
import { readGar } from './reader/gar.ts';
import { readGeneric } from './reader/generic.ts';
import { readGhcr } from './reader/ghcr.ts';
import { readGiteaPackage } from './reader/gitea-package.ts';
import { readGithub } from './reader/github.ts';
import { readGitlab } from './reader/gitlab.ts';
import { readHarbor } from './reader/harbor.ts';
import { readNative } from './reader/native.ts';
import { readNexus } from './reader/nexus.ts';
import { readQuay } from './reader/quay.ts';
import type { Reader } from './reader/reading.ts';
import { readWud } from './reader/wud.ts';
import { readZot } from './reader/zot.ts';
import type { SourceType } from './source.ts';

export { detectFormat } from './reader/auto.ts';
export type { Reader, ReaderInput, Reading } from './reader/reading.ts';

/** Which reader understands the payloads of a type of source. */
export const readers: Readonly<Record<SourceType, Reader>> = {
  dockerhub: readDockerHub,
  harbor: readHarbor,
  ghcr: readGhcr,
  quay: readQuay,
  distribution: readDistribution,
  acr: readAcr,
  'acr-eventgrid': readAcrEventGrid,
  ecr: readEcr,
  gar: readGar,
  artifactory: readArtifactory,
  nexus: readNexus,
  aliyun: readAliyun,
  zot: readZot,
  'gitea-package': readGiteaPackage,
  cloudevents: readCloudEvents,
  cdevents: readCdevents,
  wud: readWud,
  diun: readDiun,
  native: readNative,
  'registry-push': (input) => readDetected(input, readers),
  github: readGithub,
  'github-app': readGithub,
  gitlab: readGitlab,
  'gitlab-webhook': readGitlab,
  generic: readGeneric,
};
