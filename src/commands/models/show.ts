import {z} from 'zod';
import {Args, BerthCommand, configFlag, examples, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {presentModel} from '../../cli/present/models.ts';
import {describeModel, findModel, modelSchema} from '../../models/index.ts';

const resultSchema = z.object({schema: z.literal('berth.model/1'), model: modelSchema});
type Result = z.infer<typeof resultSchema>;

export default class ModelsShow extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.show);
  static override examples = examples(
    ['models show qwen3-4b-instruct-2507', (t) => t.models.help.showExample],
    ['models show ./my-model.gguf --json', (t) => t.models.help.showExampleFile],
  );
  static override args = {
    model: Args.string({required: true, description: text((t) => t.models.help.argModel)}),
  };
  static override flags = configFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ModelsShow);
    const found = findModel(args.model, await readOwnModels(flags.config));
    const model = await describeModel(await this.parts.weights(), found);
    return this.present({schema: 'berth.model/1', model}, (t) => presentModel(t, model));
  }
}
