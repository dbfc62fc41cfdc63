import {z} from 'zod';
import {BerthCommand, examples, text} from '../../cli/command.ts';
import {presentModels} from '../../cli/present/models.ts';
import {CATALOGUE, describeModel, modelSchema} from '../../models/index.ts';

const resultSchema = z.object({schema: z.literal('berth.models/1'), models: z.array(modelSchema)});
type Result = z.infer<typeof resultSchema>;

export default class Models extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.list);
  static override examples = examples(['models', (t) => t.models.help.listExample]);
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    await this.parse(Models);
    const store = await this.parts.weights();
    const models = await Promise.all(CATALOGUE.map((model) => describeModel(store, model)));
    return this.present({schema: 'berth.models/1', models}, (t) => presentModels(t, models));
  }
}
