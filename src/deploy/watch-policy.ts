import {policyFile, type WatchPolicy} from '../watch/index.ts';
import type {Settings} from './config/settings.ts';
import {deploymentFolder, type RecordKeeper} from './history.ts';

/**
 * Writes down what the settings ask of the deployment's watch, which reads it within a second. It is no part of a
 * release: the same deploy with another policy changes only this.
 */
export async function writePolicy(
  host: RecordKeeper,
  {deployment, guard, objectives}: Settings,
): Promise<void> {
  const policy: WatchPolicy = {schema: 'berth.policy/1', guard, objectives};
  const path = policyFile(deploymentFolder(host, deployment));
  const text = `${JSON.stringify(policy, undefined, 2)}\n`;
  if ((await host.files.read(path)) !== text) await host.files.write(path, text);
}
