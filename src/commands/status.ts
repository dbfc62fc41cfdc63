import {BerthCommand, deploymentFlags, examples, text} from '../cli/command.ts';
import {presentStatus} from '../cli/present/deployment.ts';
import {describe, loadSettings, statusSchema, type Status as StatusResult} from '../deploy/index.ts';

export default class Status extends BerthCommand<StatusResult> {
  static override summary = text((t) => t.deploy.help.status);
  static override examples = examples(
    ['status', (t) => t.deploy.help.statusExample],
    ['status --json', (t) => t.deploy.help.statusJson],
  );
  static override resultSchema = statusSchema;
  static override flags = deploymentFlags;

  override async run(): Promise<StatusResult> {
    const {flags} = await this.parse(Status);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {status} = await describe(parts, settings);
    return this.present(status, (t) => presentStatus(t, status));
  }
}
