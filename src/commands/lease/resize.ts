import {z} from 'zod';
import {leaseRegistry, leaseReportSchema, reportNewLease, resizeLease} from '../../capacity/index.ts';
import {Args, examples, leaseHostFlag, sizeFlags, text} from '../../cli/command.ts';
import {LeaseCommand, sizeIn, usage} from '../../cli/lease-command.ts';
import {keptBy} from '../../cli/present/leases.ts';
import {formatBytes} from '../../base/units.ts';

const resultSchema = z.object({
  schema: z.literal('berth.lease-resize/1'),
  host: z.string(),
  beforeBytes: z.int(),
  lease: leaseReportSchema,
});
type Result = z.infer<typeof resultSchema>;

const {bytes, vram, ram} = sizeFlags;

export default class LeaseResize extends LeaseCommand<Result> {
  static override summary = text((t) => t.lease.help.resize);
  static override description = text((t) => t.lease.help.resizeMore);
  static override examples = examples([
    'lease resize comfyui --vram 8GiB',
    (t) => t.lease.help.resizeExample,
  ]);
  static override args = {
    name: Args.string({required: true, description: text((t) => t.lease.help.argName)}),
  };
  static override flags = {...leaseHostFlag, bytes, vram, ram};
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(LeaseResize);
    const asked = sizeIn(flags);
    const {name} = args;
    if (asked === undefined)
      throw usage((t) => t.lease.sizeMissing, [`berth lease resize ${name} --bytes 2GiB`]);
    await using host = await this.parts.host(flags.host);
    const {device} = await leaseRegistry(host).find(name);
    const {lease, beforeBytes, enforced} = await resizeLease(await this.leasing(host, device), name, asked);
    const result: Result = {
      schema: 'berth.lease-resize/1',
      host: host.name,
      beforeBytes,
      lease: reportNewLease(lease, enforced),
    };
    const sizes = {name, size: formatBytes(lease.bytes), before: formatBytes(beforeBytes)};
    return this.present(result, (t) => `${t.lease.resized(sizes)}\n  ${keptBy(t, enforced)}`);
  }
}
