import {homedir} from 'node:os';
import {resolve} from 'node:path';
import {z} from 'zod';
import {Args, BerthCommand, examples, Flags, text} from '../../cli/command.ts';
import {presentCheck} from '../../cli/present/hosts.ts';
import {hostCheckSchema} from '../../hosts/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.host-add/1'),
  name: z.string(),
  target: z.string(),
  host: hostCheckSchema,
});
type Result = z.infer<typeof resultSchema>;

export default class HostAdd extends BerthCommand<Result> {
  static override summary = text((t) => t.ssh.help.add);
  static override description = text((t) => t.ssh.help.addMore);
  static override examples = examples(
    ['host add gpu1 ssh://me@192.168.1.20', (t) => t.ssh.help.addExample],
    ['host add gpu2 workstation', (t) => t.ssh.help.addExampleAlias],
    [
      'host add gpu3 ssh://ops@10.0.0.7:2222 --identity ~/.ssh/deploy --host-key SHA256:uNiVztksCsDhcc0u9e8BrSXVNNFBm4qAMTuMTtW4Eqo',
      (t) => t.ssh.help.addExampleScript,
    ],
  );
  static override args = {
    name: Args.string({required: true, description: text((t) => t.ssh.help.argName)}),
    target: Args.string({required: true, description: text((t) => t.ssh.help.argTarget)}),
  };
  static override flags = {
    'host-key': Flags.string({
      summary: text((t) => t.ssh.help.flagHostKey),
      env: 'BERTH_HOST_KEY',
      helpValue: 'SHA256:...',
      multiple: true,
    }),
    identity: Flags.string({
      char: 'i',
      summary: text((t) => t.ssh.help.flagIdentity),
      env: 'BERTH_IDENTITY',
      helpValue: 'FILE',
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(HostAdd);
    const {name, target} = await this.parts.addHost({
      ...args,
      fingerprints: flags['host-key'] ?? [],
      ...(flags.identity !== undefined && {identity: absolute(flags.identity)}),
    });
    const host = await this.parts.checkHost(name, this.resultTexts);
    return this.present({schema: 'berth.host-add/1', name, target, host}, (t) => presentCheck(t, host));
  }
}

/** A shell has replaced `~` in most cases; in `--identity=~/x` it has not. */
const absolute = (path: string): string =>
  resolve(path.replace(/^~(?=[/\\])/, () => process.env.HOME ?? homedir()));
