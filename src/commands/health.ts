import {addressed} from '../cli/address.ts';
import {BerthCommand, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {presentHealth} from '../cli/present/health.ts';
import {ExitCode} from '../base/errors.ts';
import {seconds} from '../base/units.ts';
import {
  type DeployParts,
  describe,
  deviceOfDeployed,
  loadSettings,
  type Settings,
  viewOf,
} from '../deploy/index.ts';
import {checkHealth, healthJson, healthSchema, type HealthJson, type HealthReport} from '../health/index.ts';

export default class Health extends BerthCommand<HealthJson> {
  static override summary = text((t) => t.health.help.health);
  static override examples = examples(
    ['health', (t) => t.health.help.example],
    ['health --watch', (t) => t.health.help.watchExample],
  );
  static override resultSchema = healthSchema;
  static override flags = {
    ...deploymentFlags,
    watch: Flags.boolean({char: 'w', summary: text((t) => t.health.help.watch), env: 'BERTH_WATCH'}),
    every: Flags.integer({
      summary: text((t) => t.health.help.every),
      env: 'BERTH_EVERY',
      helpValue: 'SECONDS',
      default: 5,
      min: 1,
    }),
  };

  override async run(): Promise<HealthJson> {
    const {flags} = await this.parse(Health);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(
      settings,
      this.progress,
      this.signal,
      deviceOfDeployed(settings),
    );
    for (;;) {
      const report = await this.check(parts, settings);
      const exit = report.state === 'healthy' ? ExitCode.ok : ExitCode.unhealthy;
      if (!flags.watch) return this.present(healthJson(report), (t) => presentHealth(t, report), exit);
      this.tell(report);
      await parts.clock.sleep(seconds(flags.every), this.signal);
    }
  }

  private async check(parts: DeployParts, settings: Settings): Promise<HealthReport> {
    const description = await describe(parts, settings);
    const view = viewOf(description);
    const engine = description.release && parts.engine(description.release.identity.engine);
    const report = await checkHealth({
      view,
      url: description.status.url && (await parts.reach(description.status.url)),
      key: description.key,
      device: parts.device,
      explain: (lines) => engine?.explain(lines),
      clock: parts.clock,
      signal: this.signal,
    });
    const inFull = (command: string): string => addressed(command, this.address);
    const probes = report.probes.map((probe) =>
      probe.state === 'fail' ? {...probe, try: probe.try.map(inFull)} : probe,
    );
    return {...report, probes};
  }

  /** One round of watching: a block for people, one line of JSON for programs. */
  private tell(report: HealthReport): void {
    const shown = this.jsonEnabled()
      ? JSON.stringify(healthJson(report))
      : `${report.at.toISOString()} ${presentHealth(this.t, report)}\n`;
    process.stdout.write(`${shown}\n`);
  }
}
