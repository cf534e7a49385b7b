/**
 * Pushes to Amazon ECR as CloudEvents. EventBridge does not send them so: an input transformer makes them, in the form
 * that Argo CD Image Updater's webhook reads (pkg/webhook/cloudevents_test.go there).
 */
import { ecrRegistry } from './ecr-registry.ts';
import { type Field, known, textAt } from './fields.ts';
import { configuredRegistry, digestAt, imageFact, repositoryAt, tagAt, timeAt } from './image.ts';
import { ignored, one, type Reader, unreadable } from './reading.ts';

const PUSHED = 'com.amazon.ecr.image.push';
/** `urn:aws:ecr:{region}:{account}:repository/{name}`, or the same as an ARN. */
const SOURCE = /^(?:urn|arn):aws[a-z-]*:ecr:([a-z0-9-]{1,40}):([0-9]{1,20}):/;
const MAX_CHARS = 1024;

/** Reads one push, of a CloudEvent in structured mode. */
export const readEcrCloudEvent: Reader = (input) => {
  const { body } = input;
  const type = textAt(body, ['type'], MAX_CHARS);
  if (type?.value !== PUSHED) return ignored('An event of ECR that is no push.');
  const repository = repositoryAt(body, ['data', 'repositoryName']);
  if (repository === null) return unreadable('/data/repositoryName', 'No repository is named.');
  const tag = tagAt(body, ['data', 'imageTag']);
  const digest = digestAt(body, ['data', 'imageDigest']);
  if (tag === null && digest === null) return ignored('No tag and no digest: nothing addressable was pushed.');
  const fact = imageFact({
    kind: { value: 'image.push', pointer: type.pointer },
    registry: registryOf(textAt(body, ['source'], MAX_CHARS)) ?? configuredRegistry(input),
    repository,
    tag,
    digest,
    time: timeAt(input, ['time']),
    actor: null,
    origin: known('user'),
  });
  return one(fact);
};

/** The registry of an account in a region, which the source of the event names. */
function registryOf(source: Field<string> | null): Field<string> | null {
  const [, region = '', account = ''] = SOURCE.exec(source?.value ?? '') ?? [];
  const host = ecrRegistry(account, region);
  return source === null || host === null ? null : { value: host, pointer: source.pointer };
}
