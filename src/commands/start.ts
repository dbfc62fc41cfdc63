import {BerthCommand, deploymentFlags, examples, text} from '../cli/command.ts';
import {presentDeploy} from '../cli/present/deployment.ts';
import {
  type DeployOutcome,
  deployOutcomeSchema,
  deviceOfDeployed,
  loadSettings,
  start,
} from '../deploy/index.ts';

export default class Start extends BerthCommand<DeployOutcome> {
  static override summary = text((t) => t.deploy.help.start);
  static override examples = examples(['start', (t) => t.deploy.help.startExample]);
  static override resultSchema = deployOutcomeSchema;
  static override flags = deploymentFlags;

  override async run(): Promise<DeployOutcome> {
    const {flags} = await this.parse(Start);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(
      settings,
      this.progress,
      this.signal,
      deviceOfDeployed(settings),
    );
    const outcome = await start(parts, settings);
    return this.present(outcome, (t) => presentDeploy(t, outcome));
  }
}
