/** What the media type of a manifest says about the artifact. */

/** Manifests and lists of manifests that an image can be pulled by. */
const IMAGE_MANIFESTS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

/** The configuration of a Helm chart that is kept as an OCI artifact (helm.sh, HIP-0017). */
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

/** True for the manifest of an image, a chart or an artifact kept as one; false for layers and configurations. */
export function isManifest(mediaType: string): boolean {
  return IMAGE_MANIFESTS.has(mediaType);
}

/** True when a manifest with a configuration of this media type is a Helm chart. */
export function isChartConfig(mediaType: unknown): boolean {
  return mediaType === HELM_CONFIG;
}
