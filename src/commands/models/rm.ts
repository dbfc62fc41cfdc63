import {z} from 'zod';
import {formatBytes} from '../../base/units.ts';
import {Args, BerthCommand, configFlag, examples, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {findModel, type Variant} from '../../models/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.models-rm/1'),
  model: z.string(),
  /** What became free: 0 when there was nothing, or when the file is the user's own. */
  freedBytes: z.number(),
});
type Result = z.infer<typeof resultSchema>;

export default class ModelsRm extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.remove);
  static override examples = examples([
    'models rm qwen3-4b-instruct-2507',
    (t) => t.models.help.removeExample,
  ]);
  static override args = {
    model: Args.string({required: true, description: text((t) => t.models.help.argModel)}),
  };
  static override flags = configFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ModelsRm);
    const model = findModel(args.model, await readOwnModels(flags.config));
    const store = await this.parts.weights();
    let freedBytes = 0;
    for (const variant of model.variants) freedBytes += await store.remove(model, variant);
    return this.present({schema: 'berth.models-rm/1', model: model.id, freedBytes}, ({models: t}) => {
      const own = model.variants.map(ownPath).find((path) => path !== undefined);
      if (own !== undefined) return t.ownFileStays({path: own});
      return freedBytes > 0
        ? t.removed({model: model.id, size: formatBytes(freedBytes)})
        : t.notRemoved({model: model.id});
    });
  }
}

const ownPath = ({file}: Variant): string | undefined => (file.from === 'path' ? file.path : undefined);
