import {z} from 'zod';
import {BerthCommand, examples, text} from '../../cli/command.ts';
import {presentHosts} from '../../cli/present/hosts.ts';

const resultSchema = z.object({
  schema: z.literal('berth.hosts/1'),
  /** `local`, this machine, comes first and has no address. */
  hosts: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['local', 'ssh']),
      target: z.string().optional(),
      identity: z.string().optional(),
      hostKeys: z.array(z.object({endpoint: z.string(), fingerprint: z.string()})),
    }),
  ),
});
type Result = z.infer<typeof resultSchema>;

export default class HostLs extends BerthCommand<Result> {
  static override summary = text((t) => t.ssh.help.list);
  static override examples = examples(['host ls', (t) => t.ssh.help.listExample]);
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    await this.parse(HostLs);
    const records = await (await this.parts.hosts()).list();
    const known = records.map(({name, target, identity, hostKeys}) => ({
      name,
      kind: 'ssh' as const,
      target,
      ...(identity !== undefined && {identity}),
      hostKeys: Object.entries(hostKeys).flatMap(([endpoint, keys]) =>
        keys.map(({fingerprint}) => ({endpoint, fingerprint})),
      ),
    }));
    const hosts = [{name: 'local', kind: 'local' as const, hostKeys: []}, ...known];
    return this.present({schema: 'berth.hosts/1', hosts}, (t) => presentHosts(t, hosts));
  }
}
