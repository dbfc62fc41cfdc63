import {loadSettings} from '../deploy/index.ts';
import {ownModels, type Model} from '../models/index.ts';

/** The user's own models, as `models:` of berth.yaml (or of the file named) describes them. */
export async function readOwnModels(config: string | undefined): Promise<Model[]> {
  const {models} = await loadSettings({file: config, cwd: process.cwd()});
  return ownModels(models);
}
