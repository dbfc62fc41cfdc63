import {z} from 'zod';
import {addLease, leaseReportSchema, reportNewLease, type WantedTenant} from '../../capacity/index.ts';
import {
  Args,
  examples,
  Flags,
  anywayFlag,
  leaseHostFlag,
  promiseFlags,
  sizeFlags,
  text,
} from '../../cli/command.ts';
import {commandTenant, LeaseCommand, sizeIn, usage} from '../../cli/lease-command.ts';
import {presentAdded} from '../../cli/present/leases.ts';

const resultSchema = z.object({
  schema: z.literal('berth.lease-add/1'),
  host: z.string(),
  lease: leaseReportSchema,
  /** The file that a program in the background writes to. */
  logFile: z.string().optional(),
});
type Result = z.infer<typeof resultSchema>;

export default class LeaseAdd extends LeaseCommand<Result> {
  static override summary = text((t) => t.lease.help.add);
  static override description = text((t) => t.lease.help.addMore);
  static override examples = examples(
    ['lease add comfyui --vram 6GiB -- docker run --gpus all comfyui', (t) => t.lease.help.addDocker],
    ['lease add whisper --ram 2GiB --container whisper', (t) => t.lease.help.addContainer],
    ['lease add train --ram 4GiB --for 2h -- python3 train.py', (t) => t.lease.help.addCommand],
    ['lease add later --vram 8GiB --note "fine-tuning on Friday"', (t) => t.lease.help.addOpen],
  );
  static override strict = false;
  static override args = {
    name: Args.string({required: true, description: text((t) => t.lease.help.argName)}),
  };
  static override flags = {
    ...leaseHostFlag,
    ...sizeFlags,
    ...promiseFlags,
    ...anywayFlag,
    container: Flags.string({
      summary: text((t) => t.lease.help.flagContainer),
      env: 'BERTH_CONTAINER',
      helpValue: 'NAME',
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {own, command} = this.parted;
    const {args, flags} = await this.parse(LeaseAdd, own);
    const bytes = sizeIn(flags);
    const {name} = args;
    if (bytes === undefined) throw usage((t) => t.lease.sizeMissing, [`berth lease add ${name} --ram 2GiB`]);
    if (flags.container !== undefined && command.length > 0) {
      throw usage((t) => t.lease.twoTenants, [`berth lease add ${name} --container ${flags.container}`]);
    }
    await using host = await this.parts.host(flags.host);
    const parts = await this.leasingFor(host, flags);
    const {lease, enforced, logFile} = await addLease(parts, {
      name,
      bytes,
      note: flags.note,
      anyway: flags.anyway,
      expiresAt: flags.for && new Date(this.parts.clock.now().getTime() + flags.for),
      tenant: tenantIn(flags.container, command),
      command: (size) => `berth lease add ${name} ${size}${tail(flags.container, command)}`,
    });
    const result: Result = {
      schema: 'berth.lease-add/1',
      host: host.name,
      lease: reportNewLease(lease, enforced),
      ...(logFile !== undefined && {logFile}),
    };
    const device = await parts.device.facts();
    return this.present(result, (t) => presentAdded(t, {...result, device}));
  }
}

function tenantIn(container: string | undefined, command: readonly string[]): WantedTenant {
  if (container !== undefined) return {kind: 'container', name: container};
  return commandTenant(command) ?? {kind: 'nobody-yet'};
}

function tail(container: string | undefined, command: readonly string[]): string {
  if (container !== undefined) return ` --container ${container}`;
  return command.length === 0 ? '' : ` -- ${command.join(' ')}`;
}
