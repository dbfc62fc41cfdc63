import {z} from 'zod';
import {BerthCommand, deploymentFlags, examples, text} from '../../cli/command.ts';
import {presentAlerts} from '../../cli/present/alerts.ts';
import {loadSettings, visit} from '../../deploy/index.ts';
// Past the door on purpose: the watch loads that too, and stays small without zod.
import {alertsStatusSchema} from '../../monitor/alerts/status.ts';
import {askWatch} from '../../monitor/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.alerts/1'),
  deployment: z.string(),
  /** Null where nobody is to be told. */
  alerts: alertsStatusSchema.nullable(),
});
type Result = z.infer<typeof resultSchema>;

export default class AlertsLs extends BerthCommand<Result> {
  static override summary = text((t) => t.alerts.help.ls);
  static override examples = examples(['alerts ls', (t) => t.alerts.help.lsExample]);
  static override flags = deploymentFlags;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(AlertsLs);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {runtime, name} = await visit(parts, settings);
    const alerts = await askWatch(runtime, name, {ask: 'alerts'}, this.signal);
    return this.present({schema: 'berth.alerts/1', deployment: name, alerts}, (t) =>
      presentAlerts(t, name, alerts),
    );
  }
}
