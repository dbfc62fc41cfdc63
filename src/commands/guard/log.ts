import {z} from 'zod';
import {minutes, ms} from '../../base/units.ts';
import {BerthCommand, deploymentFlags, examples, spanFlag, text} from '../../cli/command.ts';
import {presentGuardLog} from '../../cli/present/guard.ts';
import {loadSettings, visit} from '../../deploy/index.ts';
import {askWatch, type WatchEventKind} from '../../monitor/index.ts';

const KINDS = [
  'interference',
  'interference-over',
  'guard-action',
  'guard-undone',
  'lease-broken',
  'lease-kept',
  'objective-burns',
  'objective-fine',
] as const satisfies readonly WatchEventKind[];

const resultSchema = z.object({
  schema: z.literal('berth.guard-log/1'),
  deployment: z.string(),
  /** The oldest first. */
  events: z.array(
    z.object({
      at: z.iso.datetime(),
      kind: z.enum(KINDS),
      /** The tenant's key. */
      tenant: z.string().optional(),
      text: z.string(),
      /** What it was decided on. */
      numbers: z.record(z.string(), z.union([z.number(), z.string()])),
    }),
  ),
});
type Result = z.infer<typeof resultSchema>;

export default class GuardLog extends BerthCommand<Result> {
  static override summary = text((t) => t.guard.help.log);
  static override examples = examples(['guard log --since 12h', (t) => t.guard.help.logExample]);
  static override flags = {
    ...deploymentFlags,
    since: spanFlag({
      summary: text((t) => t.guard.help.flagSince),
      env: 'BERTH_SINCE',
      default: () => Promise.resolve(minutes(24 * 60)),
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(GuardLog);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {runtime, name} = await visit(parts, settings);
    const sinceMs = parts.clock.now().getTime() - flags.since;
    const seen = await askWatch(runtime, name, {ask: 'events', sinceMs, kinds: KINDS}, this.signal);
    const events = seen.toReversed().map(({atMs, kind, ...rest}) => ({
      at: new Date(atMs).toISOString(),
      kind: kind as (typeof KINDS)[number],
      ...rest,
    }));
    return this.present({schema: 'berth.guard-log/1', deployment: name, events}, (t) =>
      presentGuardLog(t, events, ms(flags.since)),
    );
  }
}
