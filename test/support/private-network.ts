/**
 * A network of one machine: in a namespace of its own every address there is, public, private and metadata, leads to the
 * loopback device, so that nothing leaves and what is reached can be written down.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

const ROUTES = [
  'ip link set lo up',
  'ip route add local 0.0.0.0/0 dev lo',
  'ip -6 route add local ::/0 dev lo',
  'exec "$@"',
].join(' && ');
const NAMESPACE = ['-rn', 'sh', '-c', ROUTES, 'sh'];
const MAX_OUTPUT_BYTES = 16 << 20;

/** Why there can be no such network here; null when there can. */
export function networkLack(): string | null {
  try {
    execFileSync('unshare', [...NAMESPACE, 'true'], { stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : 'unshare failed';
  }
}

/** Runs a module of ours inside such a network; what it prints. */
export async function runInNetwork(path: string): Promise<string> {
  const options = { maxBuffer: MAX_OUTPUT_BYTES };
  const { stdout } = await promisify(execFile)('unshare', [...NAMESPACE, process.execPath, path], options);
  return stdout;
}
