import {z} from 'zod';
import {formatBytes} from '../../base/units.ts';
import {Args, BerthCommand, configFlag, examples, Flags, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {allModels} from '../../models/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.models-import/1'),
  imported: z.array(
    z.object({
      model: z.string(),
      variant: z.string(),
      path: z.string(),
      totalBytes: z.number(),
      sha256: z.string(),
      /** It points to where the files were. */
      linked: z.boolean(),
    }),
  ),
});
type Result = z.infer<typeof resultSchema>;

export default class ModelsImport extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.import);
  static override examples = examples(
    ['models import /media/usb', (t) => t.models.help.importExample],
    ['models import ./Qwen3-4B-Instruct-2507-Q4_K_M.gguf --link', (t) => t.models.help.importExampleLink],
  );
  static override args = {
    path: Args.string({required: true, description: text((t) => t.models.help.argImportPath)}),
  };
  static override flags = {
    ...configFlag,
    link: Flags.boolean({summary: text((t) => t.models.help.flagLink), env: 'BERTH_LINK'}),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ModelsImport);
    const models = allModels(await readOwnModels(flags.config));
    const store = await this.parts.weights();
    const taken = await store.import(args.path, {
      models,
      link: flags.link,
      progress: this.progress,
      signal: this.signal,
    });
    const imported = taken.map(({model, variant, weights}) => ({
      model: model.id,
      variant: variant.name,
      ...weights,
      linked: flags.link,
    }));
    return this.present({schema: 'berth.models-import/1', imported}, ({models: t}) =>
      imported
        .map(({totalBytes, ...each}) => t.imported({...each, size: formatBytes(totalBytes)}))
        .join('\n'),
    );
  }
}
