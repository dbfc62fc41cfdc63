import {run} from './docker.ts';

/** What this machine lacks for the rig, in words; undefined when it has everything. */
export async function missingForRig(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'the rig runs on Linux only';
  if (process.getuid?.() !== 0) return 'the rig needs root (it builds a Debian with debootstrap)';
  for (const argv of [
    ['docker', 'version'],
    ['debootstrap', '--version'],
    ['ssh', '-V'],
  ] as const) {
    const ended = await run(argv).catch((error: unknown) => ({code: 1, stdout: '', stderr: String(error)}));
    if (ended.code !== 0) {
      const why = ended.stderr.trim().split('\n').at(-1) ?? '';
      return `${argv.join(' ')} does not work: ${why} (.ci/docker.sh installs and starts what is needed)`;
    }
  }
  return undefined;
}

/**
 * For `describe.skipIf(await needsDocker())`: true, with the reason printed, where the rig cannot run.
 * In CI nothing is skipped: there it throws.
 */
export async function needsDocker(): Promise<boolean> {
  const missing = await missingForRig();
  if (missing === undefined) return false;
  if (process.env.CI) throw new Error(`CI must run the rig: ${missing}`);
  console.warn(`skipped: ${missing}`);
  return true;
}
