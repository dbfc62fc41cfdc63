import {addressed} from '../cli/address.ts';
import {BerthCommand, deploymentFlags, examples, text} from '../cli/command.ts';
import {loadSettings, stop, stopOutcomeSchema, type StopOutcome} from '../deploy/index.ts';

export default class Stop extends BerthCommand<StopOutcome> {
  static override summary = text((t) => t.deploy.help.stop);
  static override examples = examples(['stop', (t) => t.deploy.help.stopExample]);
  static override resultSchema = stopOutcomeSchema;
  static override flags = deploymentFlags;

  override async run(): Promise<StopOutcome> {
    const {flags} = await this.parse(Stop);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const outcome = await stop(parts, settings);
    const {deployment} = outcome;
    const start = addressed('berth start', this.address);
    return this.present(outcome, (t) =>
      outcome.outcome === 'stopped'
        ? t.deploy.stopped({deployment, start})
        : t.deploy.stoppedAlready({deployment}),
    );
  }
}
