import {
  BerthCommand,
  bytesFlag,
  cardFlag,
  deploymentFlags,
  examples,
  Flags,
  profileFlag,
  text,
} from '../cli/command.ts';
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
    ...profileFlag,
    model: Flags.string({char: 'm', summary: text((t) => t.deploy.help.flagModel), env: 'BERTH_MODEL'}),
    variant: Flags.string({summary: text((t) => t.deploy.help.flagVariant), env: 'BERTH_VARIANT'}),
    engine: Flags.option({
      options: ['embedded', 'llama-cpp', 'vllm'] as const,
      summary: text((t) => t.deploy.help.flagEngine),
      env: 'BERTH_ENGINE',
    })(),
    runtime: Flags.option({
      options: ['process', 'docker'] as const,
      summary: text((t) => t.deploy.help.flagRuntime),
      env: 'BERTH_RUNTIME',
    })(),
    context: Flags.integer({summary: text((t) => t.deploy.help.flagContext), env: 'BERTH_CONTEXT', min: 256}),
    concurrency: Flags.integer({
      summary: text((t) => t.deploy.help.flagConcurrency),
      env: 'BERTH_CONCURRENCY',
      min: 1,
      max: 64,
    }),
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
    base: Flags.string({
      summary: text((t) => t.images.help.flagBase),
      env: 'BERTH_BASE',
      helpValue: 'IMAGE',
    }),
    'registry-prefix': Flags.string({
      summary: text((t) => t.images.help.flagRegistryPrefix),
      env: 'BERTH_REGISTRY_PREFIX',
      helpValue: 'PREFIX',
    }),
    cuda: Flags.option({
      options: ['12', '13'] as const,
      summary: text((t) => t.images.help.flagCuda),
      env: 'BERTH_CUDA',
    })(),
    'dry-run': Flags.boolean({summary: text((t) => t.deploy.help.flagDryRun), env: 'BERTH_DRY_RUN'}),
    'first-run': Flags.boolean({
      summary: text((t) => t.deploy.help.flagFirstRun),
      env: 'BERTH_FIRST_RUN',
      exclusive: ['dry-run'],
    }),
  };

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
