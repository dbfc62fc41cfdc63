import {z} from 'zod';
import {formatBytes} from '../../base/units.ts';
import {endLease} from '../../capacity/index.ts';
import {Args, examples, leaseHostFlag, text} from '../../cli/command.ts';
import {LeaseCommand} from '../../cli/lease-command.ts';

const resultSchema = z.object({
  schema: z.literal('berth.lease-rm/1'),
  host: z.string(),
  name: z.string(),
  bytes: z.int(),
});
type Result = z.infer<typeof resultSchema>;

export default class LeaseRm extends LeaseCommand<Result> {
  static override summary = text((t) => t.lease.help.rm);
  static override description = text((t) => t.lease.help.rmMore);
  static override examples = examples(['lease rm comfyui', (t) => t.lease.help.rmExample]);
  static override args = {
    name: Args.string({required: true, description: text((t) => t.lease.help.argName)}),
  };
  static override flags = leaseHostFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(LeaseRm);
    await using host = await this.parts.host(flags.host);
    const {clock} = this.parts;
    const {name, bytes, subject} = await endLease({host, clock, signal: this.signal}, args.name);
    return this.present({schema: 'berth.lease-rm/1', host: host.name, name, bytes}, (t) =>
      [
        t.lease.removed({name, size: formatBytes(bytes)}),
        ...(subject.kind === 'open' ? [] : [t.lease.goesOn]),
      ].join('\n'),
    );
  }
}
