import {z} from 'zod';
import {Args, BerthCommand, configFlag, examples, Flags, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {presentHeader, presentModel} from '../../cli/present/models.ts';
import {
  chooseVariant,
  describeHeader,
  describeModel,
  findModel,
  headerSchema,
  modelSchema,
} from '../../models/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.model/1'),
  model: modelSchema,
  /** With --header: what the weights say of themselves. */
  header: headerSchema.extend({variant: z.string()}).optional(),
});
type Result = z.infer<typeof resultSchema>;

export default class ModelsShow extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.show);
  static override examples = examples(
    ['models show qwen3-4b-instruct-2507', (t) => t.models.help.showExample],
    ['models show ./my-model.gguf --json', (t) => t.models.help.showExampleFile],
    ['models show llama-3-8b-instruct --header', (t) => t.models.help.showExampleHeader],
  );
  static override args = {
    model: Args.string({required: true, description: text((t) => t.models.help.argModel)}),
  };
  static override flags = {
    ...configFlag,
    header: Flags.boolean({summary: text((t) => t.models.help.flagHeader), env: 'BERTH_HEADER'}),
    variant: Flags.string({
      summary: text((t) => t.models.help.flagVariant),
      env: 'BERTH_VARIANT',
      helpValue: 'NAME',
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ModelsShow);
    const found = findModel(args.model, await readOwnModels(flags.config));
    const store = await this.parts.weights();
    const model = await describeModel(store, found);
    if (!flags.header) return this.present({schema: 'berth.model/1', model}, (t) => presentModel(t, model));
    const variant = chooseVariant(found, flags.variant);
    const read = describeHeader(await store.header(found, variant, this.signal));
    const header = {...read, variant: variant.name};
    return this.present({schema: 'berth.model/1', model, header}, (t) =>
      presentHeader(t, found.title, header),
    );
  }
}
