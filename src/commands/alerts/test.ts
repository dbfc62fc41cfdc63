import {randomUUID} from 'node:crypto';
import {z} from 'zod';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {ms, seconds} from '../../base/units.ts';
import {waitFor} from '../../base/wait.ts';
import {BerthCommand, deploymentFlags, examples, text} from '../../cli/command.ts';
import {presentAlertTest} from '../../cli/present/alerts.ts';
import {loadSettings, visit} from '../../deploy/index.ts';
// Past the door on purpose: the watch loads that too, and stays small without zod.
import {alertTestSchema} from '../../monitor/alerts/status.ts';
import {askWatch} from '../../monitor/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.alerts-test/1'),
  deployment: z.string(),
  /** The machine that the watch sent it from. */
  sentFrom: z.string(),
  webhooks: z.array(
    alertTestSchema.shape.webhooks.element.extend({outcome: z.enum(['delivered', 'failed'])}),
  ),
});
type Result = z.infer<typeof resultSchema>;

/** Longer than the watch tries. */
const DEADLINE = seconds(45);

export default class AlertsTest extends BerthCommand<Result> {
  static override summary = text((t) => t.alerts.help.test);
  static override description = text((t) => t.alerts.help.testMore);
  static override examples = examples(['alerts test', (t) => t.alerts.help.testExample]);
  static override flags = deploymentFlags;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(AlertsTest);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const {runtime, name} = await visit(parts, settings);
    const test = randomUUID();
    const {host, webhooks} = await waitFor(
      async () => {
        const asked = await askWatch(runtime, name, {ask: 'test-alerts', test}, this.signal);
        return asked.done ? asked : undefined;
      },
      {
        what: (t) => t.alerts.waitingForTest,
        deadline: DEADLINE,
        every: ms(250),
        clock: parts.clock,
        signal: this.signal,
      },
    );
    if (webhooks.length === 0) throw noWebhooks(name);
    const told = webhooks.map(({outcome, ...rest}) => ({
      ...rest,
      outcome: outcome === 'delivered' ? outcome : ('failed' as const),
    }));
    const allTold = told.every(({outcome}) => outcome === 'delivered');
    const result: Result = {
      schema: 'berth.alerts-test/1',
      deployment: name,
      sentFrom: host,
      webhooks: told,
    };
    return this.present(result, (t) => presentAlertTest(t, result), allTold ? ExitCode.ok : ExitCode.failed);
  }
}

const noWebhooks = (deployment: string): BerthError =>
  new BerthError({
    code: 'no_webhooks',
    what: (t) => t.alerts.noWebhooks({deployment}),
    try: ['berth config check', 'berth deploy'],
    exit: ExitCode.failed,
  });
