import {z} from 'zod';
import {addLease, leaseReportSchema, reportNewLease} from '../../capacity/index.ts';
import {Args, examples, Flags, leaseHostFlag, promiseFlags, sizeFlags, text} from '../../cli/command.ts';
import {LeaseCommand, leaseNameOf, sizeIn} from '../../cli/lease-command.ts';
import {presentAdded} from '../../cli/present/leases.ts';

const resultSchema = z.object({
  schema: z.literal('berth.lease-adopt/1'),
  host: z.string(),
  lease: leaseReportSchema,
});
type Result = z.infer<typeof resultSchema>;

export default class LeaseAdopt extends LeaseCommand<Result> {
  static override summary = text((t) => t.lease.help.adopt);
  static override description = text((t) => t.lease.help.adoptMore);
  static override examples = examples(
    ['lease adopt comfyui --vram 6GiB', (t) => t.lease.help.adoptContainer],
    ['lease adopt 4711 --as notebook --ram 3GiB', (t) => t.lease.help.adoptProcess],
  );
  static override args = {
    target: Args.string({required: true, description: text((t) => t.lease.help.argTarget)}),
  };
  static override flags = {
    ...leaseHostFlag,
    ...sizeFlags,
    ...promiseFlags,
    as: Flags.string({summary: text((t) => t.lease.help.flagAs), env: 'BERTH_AS', helpValue: 'NAME'}),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(LeaseAdopt);
    const {target} = args;
    const isPid = /^\d{1,10}$/.test(target);
    const name = flags.as ?? leaseNameOf(isPid ? `pid-${target}` : target);
    await using host = await this.parts.host(flags.host);
    const parts = await this.leasingFor(host, flags);
    const {lease, enforced} = await addLease(parts, {
      name,
      bytes: sizeIn(flags),
      note: flags.note,
      expiresAt: flags.for && new Date(this.parts.clock.now().getTime() + flags.for),
      tenant: isPid ? {kind: 'process', pid: Number(target)} : {kind: 'container', name: target},
      command: (size) => `berth lease adopt ${target} --as ${name} ${size}`,
    });
    const result: Result = {
      schema: 'berth.lease-adopt/1',
      host: host.name,
      lease: reportNewLease(lease, enforced),
    };
    const device = await parts.device.facts();
    return this.present(result, (t) => presentAdded(t, {...result, device}));
  }
}
