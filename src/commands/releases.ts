import {BerthCommand, deploymentFlags, examples, text} from '../cli/command.ts';
import {presentReleases} from '../cli/present/deployment.ts';
import {listReleases, loadSettings, releaseListSchema, type ReleaseList} from '../deploy/index.ts';

export default class Releases extends BerthCommand<ReleaseList> {
  static override summary = text((t) => t.deploy.help.releases);
  static override examples = examples(['releases', (t) => t.deploy.help.releasesExample]);
  static override resultSchema = releaseListSchema;
  static override flags = deploymentFlags;

  override async run(): Promise<ReleaseList> {
    const {flags} = await this.parse(Releases);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const list = await listReleases(parts, settings);
    return this.present(list, (t) => presentReleases(t, list));
  }
}
