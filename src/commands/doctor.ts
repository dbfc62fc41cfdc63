import {ExitCode} from '../base/errors.ts';
import {bytes, formatBytes, mib} from '../base/units.ts';
import {roughNeed} from '../capacity/index.ts';
import {runOn} from '../agent/index.ts';
import {examineCards, localRun} from '../card/index.ts';
import {addressed, addressOf} from '../cli/address.ts';
import {BerthCommand, cardFlag, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {presentDiagnosis} from '../cli/present/health.ts';
import {
  type DeployParts,
  deviceOfDeployed,
  loadSettings,
  runtimeFor,
  type Settings,
  visit,
} from '../deploy/index.ts';
import {checkLibrary} from '../engines/index.ts';
import {deployedAs} from '../hosts/index.ts';
import {
  diagnose,
  diagnoseHost,
  doctorJson,
  doctorSchema,
  type Diagnosis,
  type DoctorInput,
  type DoctorJson,
} from '../health/index.ts';
import {examineDocker, type Observed} from '../hosts/index.ts';
import {CATALOGUE, hubAddresses, type OnDisk, type Variant} from '../models/index.ts';

/** As package.json says it (`engines.node`). */
const NODE_NEEDED = 'v24.12.0';
/** What the built-in model needs in all. */
const NANO_NEED = mib(400);

export default class Doctor extends BerthCommand<DoctorJson> {
  static override summary = text((t) => t.health.help.doctor);
  static override examples = examples(
    ['doctor', (t) => t.health.help.doctorExample],
    ['doctor --host gpu1', (t) => t.health.help.doctorHost],
  );
  static override resultSchema = doctorSchema;
  static override flags = {
    ...deploymentFlags,
    ...cardFlag,
    runtime: Flags.option({
      options: ['process', 'docker'] as const,
      summary: text((t) => t.deploy.help.flagRuntime),
      env: 'BERTH_RUNTIME',
    })(),
    port: Flags.integer({
      char: 'p',
      summary: text((t) => t.health.help.port),
      env: 'BERTH_PORT',
      min: 1,
      max: 65_535,
    }),
  };

  override async run(): Promise<DoctorJson> {
    const {flags} = await this.parse(Doctor);
    const {port, ...rest} = flags;
    const wanted = port === undefined ? rest : {...rest, port};
    const settings = await loadSettings({file: flags.config, flags: wanted, cwd: process.cwd()});
    const found = (await this.inContainers(settings))
      ? await this.examineHost(settings)
      : await this.examineHere(settings);
    const inFull = (command: string): string => addressed(command, addressOf(settings));
    const diagnosis = {
      ...found,
      checks: found.checks.map((check) => ({...check, ...(check.try && {try: check.try.map(inFull)})})),
    };
    return this.present(doctorJson(diagnosis), (t) => presentDiagnosis(t, diagnosis), exitOf(diagnosis));
  }

  /** Whether programs run, or would run, in containers. */
  private async inContainers(settings: Settings): Promise<boolean> {
    if (settings.host !== 'local') return true;
    await using host = await this.parts.host('local');
    return runtimeFor(host, settings, await deployedAs(host, settings.deployment)) === 'docker';
  }

  private async examineHere(settings: Settings): Promise<Diagnosis> {
    await using parts = await this.parts.deploy(
      settings,
      this.progress,
      this.signal,
      deviceOfDeployed(settings),
    );
    return await diagnose(await this.input(parts, settings));
  }

  private examineHost(settings: Settings): Promise<Diagnosis> {
    const {host: name, gateway, card, deployment} = settings;
    return diagnoseHost({
      name,
      clock: this.parts.clock,
      open: () => this.parts.host(name),
      docker: examineDocker,
      cards: {card, examine: (host) => examineCards(runOn(host))},
      image: (host) => this.parts.presentImage(host),
      imageFix: name === 'local' ? 'berth image build berth' : `berth image build berth --host ${name}`,
      gateway: {
        ...gateway,
        observed: async (host) => (await host.runtime('docker')).observe(deployment),
      },
      hubs: hubAddresses(process.env),
      registries: registries(process.env.BERTH_REGISTRY_PREFIX),
      signal: this.signal,
    });
  }

  private async input(parts: DeployParts, settings: Settings): Promise<DoctorInput> {
    const {clock, device, host, weights} = parts;
    const {address, port} = settings.gateway;
    const model = parts.findModel(settings.model, settings.models);
    const variant = model.variants.find(({name}) => name === settings.variant) ?? model.variants[0];
    if (!variant) throw new Error(`${model.id} has no variants`);
    const onDisk = await weights.look(model, variant);
    const {observed} = await visit(parts, settings);
    return {
      host: host.name,
      clock,
      node: {version: process.version, needed: NODE_NEEDED},
      folders: this.parts.folders,
      device,
      cards: {card: settings.card, examine: () => examineCards(localRun())},
      library: {version: parts.engine('embedded').version, check: checkLibrary},
      model: {missingBytes: missing(variant, onDisk), memoryBytes: memoryOf(variant)},
      port: {
        address,
        port,
        holder: () => host.portHolder(address, port),
        ownPids: observed.state === 'running' ? observed.gateway.pids : [],
      },
      reachableHub: async (limit) => {
        const hubbed = variant.file.from === 'hub' ? variant : hubVariant();
        return hubbed && (await weights.reachableHub(hubbed, limit))?.hub;
      },
      leftovers: () => Promise.resolve(leftovers(settings.deployment, observed, model.id, onDisk)),
    };
  }
}

/** Nothing answers there: worth another try later. */
const exitOf = ({ready, checks}: Diagnosis): ExitCode => {
  if (ready) return ExitCode.ok;
  return checks.some(({name, state}) => name === 'reach' && state === 'fail')
    ? ExitCode.unreachable
    : ExitCode.failed;
};

/** Where the bases of serving images are. A mirror is given as Docker names it: host, maybe a port and a path. */
function registries(prefix: string | undefined): string[] {
  const own = 'https://registry-1.docker.io/v2/';
  if (prefix === undefined || prefix === '') return ['https://ghcr.io/v2/', own];
  const [server = ''] = prefix.split('/');
  const scheme = /^(localhost|127\.|\[::1\])/.test(server) ? 'http' : 'https';
  return [`${scheme}://${server}/v2/`];
}

/** Any variant that a hub has: whether hubs answer does not depend on the model that is asked for. */
const hubVariant = (): Variant | undefined =>
  CATALOGUE.flatMap(({variants}) => variants).find(({file}) => file.from === 'hub');

function missing({file}: Variant, onDisk: OnDisk) {
  if (file.from !== 'hub') return bytes(0);
  switch (onDisk.state) {
    case 'absent':
      return file.totalBytes ?? bytes(0);
    case 'partial':
      return bytes(Math.max(0, (file.totalBytes ?? 0) - onDisk.haveBytes));
    case 'unverified':
    case 'verified':
      return bytes(0);
  }
}

const memoryOf = ({file}: Variant) => (file.from === 'hub' ? roughNeed(file.totalBytes ?? 0) : NANO_NEED);

function leftovers(deployment: string, observed: Observed, model: string, onDisk: OnDisk) {
  return [
    ...(observed.state === 'dead' ? [{name: `${deployment} (dead)`, try: 'berth start'}] : []),
    ...(onDisk.state === 'partial'
      ? [{name: `${model} (${formatBytes(onDisk.haveBytes)})`, try: `berth models pull ${model}`}]
      : []),
  ];
}
