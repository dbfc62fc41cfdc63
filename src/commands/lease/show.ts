import {z} from 'zod';
import {
  leaseRegistry,
  leaseReportSchema,
  leaseUnknown,
  lookAtLeases,
  reportLease,
} from '../../capacity/index.ts';
import {Args, examples, leaseHostFlag, text} from '../../cli/command.ts';
import {LeaseCommand} from '../../cli/lease-command.ts';
import {presentLease} from '../../cli/present/leases.ts';

const resultSchema = z.object({
  schema: z.literal('berth.lease-show/1'),
  host: z.string(),
  lease: leaseReportSchema,
});
type Result = z.infer<typeof resultSchema>;

export default class LeaseShow extends LeaseCommand<Result> {
  static override summary = text((t) => t.lease.help.show);
  static override examples = examples(['lease show comfyui', (t) => t.lease.help.showExample]);
  static override args = {
    name: Args.string({required: true, description: text((t) => t.lease.help.argName)}),
  };
  static override flags = leaseHostFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(LeaseShow);
    await using host = await this.parts.host(flags.host);
    await leaseRegistry(host).find(args.name);
    const {clock} = this.parts;
    const device = (id: string) => this.parts.device(host, id);
    const [seen] = await lookAtLeases({host, clock, signal: this.signal, device}, args.name);
    // Its time has passed since it was written down.
    if (!seen) throw leaseUnknown(args.name, []);
    const lease = reportLease(seen);
    return this.present({schema: 'berth.lease-show/1', host: host.name, lease}, (t) =>
      presentLease(t, lease),
    );
  }
}
