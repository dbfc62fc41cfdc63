import {
  BerthCommand,
  bytesFlag,
  cardFlag,
  deploymentFlags,
  examples,
  Flags,
  imageFlags,
  text,
  wayFlags,
} from '../cli/command.ts';
import {wishIn, type Address} from '../cli/address.ts';
import {presentDeploy} from '../cli/present/deployment.ts';
import {
  deploy,
  type DeployOutcome,
  deployOutcomeSchema,
  deviceFor,
  firstRun,
  loadSettings,
} from '../deploy/index.ts';

export default class Deploy extends BerthCommand<DeployOutcome> {
  static override summary = text((t) => t.deploy.help.deploy);
  static override description = text((t) => t.deploy.help.deployMore);
  static override examples = examples(
    ['deploy', (t) => t.deploy.help.deployExample],
    ['deploy --model nano', (t) => t.deploy.help.deployNano],
    ['deploy --dry-run', (t) => t.deploy.help.deployPlan],
    ['deploy --profile throughput', (t) => t.deploy.help.deployProfile],
    ['deploy --context 32768 --concurrency 1', (t) => t.deploy.help.deployContext],
  );
  static override resultSchema = deployOutcomeSchema;
  static override flags = {
    ...deploymentFlags,
    ...cardFlag,
    ...wayFlags,
    model: Flags.string({char: 'm', summary: text((t) => t.deploy.help.flagModel), env: 'BERTH_MODEL'}),
    kv: Flags.option({
      options: ['f16', 'q8_0', 'q4_0'] as const,
      summary: text((t) => t.deploy.help.flagKv),
      env: 'BERTH_KV',
    })(),
    threads: Flags.integer({summary: text((t) => t.deploy.help.flagThreads), env: 'BERTH_THREADS', min: 1}),
    budget: bytesFlag({summary: text((t) => t.deploy.help.flagBudget), env: 'BERTH_BUDGET'}),
    port: Flags.integer({
      char: 'p',
      summary: text((t) => t.deploy.help.flagPort),
      env: 'BERTH_PORT',
      min: 1,
      max: 65_535,
    }),
    address: Flags.string({summary: text((t) => t.deploy.help.flagAddress), env: 'BERTH_ADDRESS'}),
    update: Flags.option({
      options: ['auto', 'swap'] as const,
      summary: text((t) => t.deploy.help.flagUpdate),
      env: 'BERTH_UPDATE',
    })(),
    ...imageFlags,
    'dry-run': Flags.boolean({summary: text((t) => t.deploy.help.flagDryRun), env: 'BERTH_DRY_RUN'}),
    'first-run': Flags.boolean({
      summary: text((t) => t.deploy.help.flagFirstRun),
      env: 'BERTH_FIRST_RUN',
      exclusive: ['dry-run'],
    }),
  };

  protected override get address(): Address {
    return {...super.address, wish: wishIn(this.argv)};
  }

  override async run(): Promise<DeployOutcome> {
    const {flags} = await this.parse(Deploy);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal, deviceFor(settings));
    const outcome = flags['first-run']
      ? await firstRun(parts, settings)
      : await deploy(parts, settings, {dryRun: flags['dry-run']});
    return this.present(outcome, (t) => presentDeploy(t, outcome));
  }
}
