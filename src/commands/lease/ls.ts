import {z} from 'zod';
import {leaseReportSchema, lookAtLeases, reportLease} from '../../capacity/index.ts';
import {examples, leaseHostFlag, text} from '../../cli/command.ts';
import {LeaseCommand} from '../../cli/lease-command.ts';
import {presentLeases} from '../../cli/present/leases.ts';

const resultSchema = z.object({
  schema: z.literal('berth.leases/1'),
  host: z.string(),
  /** Those that stand, sorted by name. */
  leases: z.array(leaseReportSchema),
});
type Result = z.infer<typeof resultSchema>;

export default class LeaseLs extends LeaseCommand<Result> {
  static override summary = text((t) => t.lease.help.ls);
  static override examples = examples(['lease ls', (t) => t.lease.help.lsExample]);
  static override flags = leaseHostFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(LeaseLs);
    await using host = await this.parts.host(flags.host);
    const {clock} = this.parts;
    const device = (id: string) => this.parts.device(host, id);
    const seen = await lookAtLeases({host, clock, signal: this.signal, device});
    const leases = seen.map(reportLease);
    return this.present({schema: 'berth.leases/1', host: host.name, leases}, (t) => presentLeases(t, leases));
  }
}
