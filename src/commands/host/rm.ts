import {z} from 'zod';
import {Args, BerthCommand, examples, text} from '../../cli/command.ts';

const resultSchema = z.object({schema: z.literal('berth.host-rm/1'), name: z.string()});
type Result = z.infer<typeof resultSchema>;

export default class HostRm extends BerthCommand<Result> {
  static override summary = text((t) => t.ssh.help.remove);
  static override description = text((t) => t.ssh.help.removeMore);
  static override examples = examples(['host rm gpu1', (t) => t.ssh.help.removeExample]);
  static override args = {
    name: Args.string({required: true, description: text((t) => t.ssh.help.argRemove)}),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args} = await this.parse(HostRm);
    const {name} = args;
    await (await this.parts.hosts()).remove(name);
    return this.present({schema: 'berth.host-rm/1', name}, (t) => t.ssh.removed({name}));
  }
}
