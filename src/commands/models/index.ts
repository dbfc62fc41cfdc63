import {z} from 'zod';
import {BerthCommand, configFlag, examples, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {presentModels} from '../../cli/present/models.ts';
import {allModels, describeModel, modelSchema} from '../../models/index.ts';

const resultSchema = z.object({schema: z.literal('berth.models/1'), models: z.array(modelSchema)});
type Result = z.infer<typeof resultSchema>;

export default class Models extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.list);
  static override examples = examples(['models', (t) => t.models.help.listExample]);
  static override flags = configFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(Models);
    const store = await this.parts.weights();
    const known = allModels(await readOwnModels(flags.config));
    const models = await Promise.all(known.map((model) => describeModel(store, model)));
    return this.present({schema: 'berth.models/1', models}, (t) => presentModels(t, models));
  }
}
