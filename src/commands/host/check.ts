import {z} from 'zod';
import {ExitCode} from '../../base/errors.ts';
import {Args, BerthCommand, examples, text} from '../../cli/command.ts';
import {presentCheck} from '../../cli/present/hosts.ts';
import {hostCheckSchema, type HostCheck} from '../../hosts/index.ts';

const resultSchema = z.object({schema: z.literal('berth.host-check/1'), hosts: z.array(hostCheckSchema)});
type Result = z.infer<typeof resultSchema>;

export default class HostCheckCommand extends BerthCommand<Result> {
  static override summary = text((t) => t.ssh.help.check);
  static override examples = examples(
    ['host check', (t) => t.ssh.help.checkExample],
    ['host check gpu1 --json', (t) => t.ssh.help.checkExampleOne],
  );
  static override args = {name: Args.string({description: text((t) => t.ssh.help.argCheck)})};
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args} = await this.parse(HostCheckCommand);
    const registry = await this.parts.hosts();
    const names =
      args.name === undefined ? ['local', ...(await registry.list()).map(({name}) => name)] : [args.name];
    // A name that is not known is a mistake of the command line, not a machine in trouble.
    if (args.name !== undefined && args.name !== 'local') await registry.find(args.name);
    const hosts = await Promise.all(names.map((name) => this.parts.checkHost(name, this.resultTexts)));
    return this.present(
      {schema: 'berth.host-check/1', hosts},
      (t) => hosts.map((host) => presentCheck(t, host)).join('\n\n'),
      exitOf(hosts),
    );
  }
}

function exitOf(hosts: readonly HostCheck[]): ExitCode {
  if (hosts.some(({unreachable}) => unreachable)) return ExitCode.unreachable;
  return hosts.every(({ok}) => ok) ? ExitCode.ok : ExitCode.failed;
}
