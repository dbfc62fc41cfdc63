import {ExitCode} from '../base/errors.ts';
import {bytes, formatBytes, mib} from '../base/units.ts';
import {roughNeed} from '../capacity/index.ts';
import {examineCards, localRun} from '../card/index.ts';
import {BerthCommand, cardFlag, deploymentFlags, examples, Flags, text} from '../cli/command.ts';
import {presentDiagnosis} from '../cli/present/health.ts';
import {type DeployParts, deviceOfDeployed, loadSettings, type Settings, visit} from '../deploy/index.ts';
import {checkLibrary} from '../engines/index.ts';
import {diagnose, doctorJson, doctorSchema, type DoctorInput, type DoctorJson} from '../health/index.ts';
import type {Observed} from '../hosts/index.ts';
import {CATALOGUE, type OnDisk, type Variant} from '../models/index.ts';

/** As package.json says it (`engines.node`). */
const NODE_NEEDED = 'v24.12.0';
/** What the built-in model needs in all. */
const NANO_NEED = mib(400);

export default class Doctor extends BerthCommand<DoctorJson> {
  static override summary = text((t) => t.health.help.doctor);
  static override examples = examples(['doctor', (t) => t.health.help.doctorExample]);
  static override resultSchema = doctorSchema;
  static override flags = {
    ...deploymentFlags,
    ...cardFlag,
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
    await using parts = await this.parts.deploy(
      settings,
      this.progress,
      this.signal,
      deviceOfDeployed(settings),
    );
    const diagnosis = await diagnose(await this.input(parts, settings));
    const exit = diagnosis.ready ? ExitCode.ok : ExitCode.failed;
    return this.present(doctorJson(diagnosis), (t) => presentDiagnosis(t, diagnosis), exit);
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
