import {Args, BerthCommand, deploymentFlags, examples, text} from '../cli/command.ts';
import {presentDeploy} from '../cli/present/deployment.ts';
import {
  type DeployOutcome,
  deployOutcomeSchema,
  deviceOfDeployed,
  loadSettings,
  rollback,
} from '../deploy/index.ts';

export default class Rollback extends BerthCommand<DeployOutcome> {
  static override summary = text((t) => t.deploy.help.rollback);
  static override examples = examples(
    ['rollback', (t) => t.deploy.help.rollbackExample],
    ['rollback 3', (t) => t.deploy.help.rollbackNumber],
  );
  static override resultSchema = deployOutcomeSchema;
  static override flags = deploymentFlags;
  static override args = {
    release: Args.integer({description: text((t) => t.deploy.help.argRelease), min: 1}),
  };

  override async run(): Promise<DeployOutcome> {
    const {flags, args} = await this.parse(Rollback);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(
      settings,
      this.progress,
      this.signal,
      deviceOfDeployed(settings),
    );
    const outcome = await rollback(parts, settings, args.release);
    return this.present(outcome, (t) => presentDeploy(t, outcome));
  }
}
