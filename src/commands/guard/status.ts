import {z} from 'zod';
import {BerthCommand, deploymentFlags, examples, text} from '../../cli/command.ts';
import {presentGuard} from '../../cli/present/guard.ts';
import {loadSettings, visit} from '../../deploy/index.ts';
// Past the door on purpose: the watch loads that too, and stays small without zod.
import {guardStatusSchema} from '../../monitor/guard-status.ts';
import {askWatch} from '../../monitor/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.guard-status/1'),
  deployment: z.string(),
  /** Null where no deploy has written a policy yet. */
  guard: guardStatusSchema.nullable(),
});
type Result = z.infer<typeof resultSchema>;

export default class GuardStatus extends BerthCommand<Result> {
  static override summary = text((t) => t.guard.help.status);
  static override examples = examples(['guard status', (t) => t.guard.help.statusExample]);
  static override flags = deploymentFlags;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(GuardStatus);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {runtime, name} = await visit(parts, settings);
    const guard = await askWatch(runtime, name, {ask: 'guard'}, this.signal);
    return this.present({schema: 'berth.guard-status/1', deployment: name, guard}, (t) =>
      presentGuard(t, guard),
    );
  }
}
