import {z} from 'zod';
import {Args, BerthCommand, examples, Flags, text} from '../../cli/command.ts';
import {loadSettingsFrom, renderSettings} from '../../deploy/config/load.ts';
import {settingsSchema} from '../../deploy/config/settings.ts';

const resultSchema = z.object({
  schema: z.literal('berth.config/1'),
  /** Absolute path of the file that was read; missing when there is none. */
  file: z.string().optional(),
  settings: settingsSchema,
});
type Result = z.infer<typeof resultSchema>;

export default class ConfigCheck extends BerthCommand<Result> {
  static override summary = text((t) => t.config.checkSummary);
  static override examples = examples(
    ['config check', (t) => t.config.checkExampleHere],
    ['config check other.yaml --json', (t) => t.config.checkExampleFile],
  );
  static override args = {file: Args.string({description: text((t) => t.config.checkFile)})};
  static override flags = {
    config: Flags.string({
      char: 'c',
      summary: text((t) => t.cli.flagConfig),
      env: 'BERTH_CONFIG',
      helpValue: 'FILE',
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ConfigCheck);
    const {settings, file} = await loadSettingsFrom({file: args.file ?? flags.config, cwd: process.cwd()});
    const written = await renderSettings(settings);
    const result: Result = {schema: 'berth.config/1', settings, ...(file !== undefined && {file})};
    return this.present(result, (t) => {
      const verdict = file === undefined ? t.config.checkedNothing : t.config.checkedFile({file});
      return `${verdict}\n\n${written}`;
    });
  }
}
