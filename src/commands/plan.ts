import {
  Args,
  BerthCommand,
  bytesFlag,
  deploymentFlags,
  examples,
  Flags,
  text,
  wayFlags,
} from '../cli/command.ts';
import {presentPlan} from '../cli/present/plan.ts';
import {bytes} from '../base/units.ts';
import {findCard} from '../card/index.ts';
import {deviceFor, loadSettings, planModel, planReportSchema, type PlanReport} from '../deploy/index.ts';

export default class Plan extends BerthCommand<PlanReport> {
  static override summary = text((t) => t.plan.help.summary);
  static override description = text((t) => t.plan.help.description);
  static override examples = examples(
    ['plan qwen3-4b --card 4090d', (t) => t.plan.help.exampleCard],
    ['plan', (t) => t.plan.help.exampleHere],
    ['plan qwen3-4b --card 4090d --leave 8GiB', (t) => t.plan.help.exampleLeave],
    ['plan qwen3-4b --card 4090d --context 262144', (t) => t.plan.help.exampleLong],
  );
  static override resultSchema = planReportSchema;
  static override args = {
    model: Args.string({description: text((t) => t.plan.help.argModel)}),
  };
  static override flags = {
    ...deploymentFlags,
    card: Flags.string({
      summary: text((t) => t.plan.help.flagCard),
      env: 'BERTH_CARD',
      helpValue: '4090d|cpu|INDEX|UUID',
    }),
    ...wayFlags,
    kv: Flags.option({
      options: ['f16', 'q8_0', 'q4_0', 'bf16', 'fp8'] as const,
      summary: text((t) => t.plan.help.flagKv),
      env: 'BERTH_KV',
    })(),
    budget: bytesFlag({summary: text((t) => t.deploy.help.flagBudget), env: 'BERTH_BUDGET'}),
    leave: bytesFlag({summary: text((t) => t.plan.help.flagLeave), env: 'BERTH_LEAVE'}),
  };

  override async run(): Promise<PlanReport> {
    const {args, flags} = await this.parse(Plan);
    const {name, host, config, card, profile, runtime} = flags;
    const planned = card === undefined ? undefined : findCard(card);
    const settings = await loadSettings({
      file: config,
      flags: {
        ...{name, host, runtime, profile, engine: flags.engine},
        ...(!planned && {card}),
        ...(args.model !== undefined && {model: args.model}),
      },
      cwd: process.cwd(),
    });
    await using parts = await this.parts.deploy(
      settings,
      this.progress,
      this.signal,
      // A card may be planned for that no present setting would use.
      (runtime) => (planned ? 'cpu' : (settings.card ?? deviceFor(settings)(runtime))),
    );
    const report = await planModel(parts, settings, {
      profile: settings.profile,
      planned,
      engine: flags.engine ?? (planned ? undefined : settings.engine),
      variant: flags.variant ?? settings.variant,
      kvType: flags.kv ?? settings.kv,
      contextTokens: flags.context ?? settings.context,
      sequences: flags.concurrency ?? settings.concurrency,
      budgetBytes: flags.budget ?? settings.budget,
      leaveBytes: flags.leave ?? bytes(0),
    });
    return this.present(report, (t) => presentPlan(t, report));
  }
}
