import {
  capacitySchema,
  readCapacity,
  roughNeed,
  standingLeases,
  type Candidate,
  type CapacityReport,
} from '../capacity/index.ts';
import {BerthCommand, cardFlag, deploymentFlags, examples, text} from '../cli/command.ts';
import {presentCapacity} from '../cli/present/capacity.ts';
import {claimsOn, describe, loadSettings, viewOf} from '../deploy/index.ts';
import {CATALOGUE} from '../models/index.ts';

export default class Capacity extends BerthCommand<CapacityReport> {
  static override summary = text((t) => t.capacity.help.summary);
  static override examples = examples(
    ['capacity', (t) => t.capacity.help.example],
    ['capacity --card 0', (t) => t.capacity.help.card],
    ['capacity --json', (t) => t.capacity.help.json],
  );
  static override resultSchema = capacitySchema;
  static override flags = {...deploymentFlags, ...cardFlag};

  override async run(): Promise<CapacityReport> {
    const {flags} = await this.parse(Capacity);
    const settings = await loadSettings({file: flags.config, flags, cwd: process.cwd()});
    await using parts = await this.parts.deploy(settings, this.progress, this.signal);
    const view = viewOf(await describe(parts, settings));
    // Without a wish: the device that the deployment is on, or, where there is none, whatever answers.
    const wanted = settings.card ?? (view.release?.device === 'cpu' ? 'cpu' : undefined);
    const device = await this.parts.device(parts.host, wanted);
    const {host, clock} = parts;
    const report = await readCapacity({
      view,
      device,
      leases: await standingLeases(host, clock.now()),
      others: (facts, reading) => claimsOn(host, facts, reading, view.name),
      candidates: candidates(view.release),
    });
    return this.present(report, (t) => presentCapacity(t, report));
  }
}

/** What else of the catalogue could be asked for beside the model that is deployed. */
function candidates(deployed: {model: string; variant: string} | undefined): Candidate[] {
  return CATALOGUE.flatMap(({id, variants}) =>
    variants.flatMap(({name, format, file}) => {
      // What the engine of this machine can load; the others are asked for by name.
      if (file.from !== 'hub' || format !== 'gguf' || file.totalBytes === undefined) return [];
      if (deployed?.model === id && deployed.variant === name) return [];
      return [{kind: 'model' as const, name: `${id} ${name}`, neededBytes: roughNeed(file.totalBytes)}];
    }),
  );
}
