import {z} from 'zod';
import {Args, BerthCommand, configFlag, examples, Flags, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {chooseVariant, findModel} from '../../models/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.weights/1'),
  model: z.string(),
  variant: z.string(),
  path: z.string(),
  totalBytes: z.number(),
  sha256: z.string(),
});
type Result = z.infer<typeof resultSchema>;

export default class ModelsPull extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.pull);
  static override examples = examples([
    'models pull qwen3-4b-instruct-2507 --variant Q4_K_M',
    (t) => t.models.help.pullExample,
  ]);
  static override args = {
    model: Args.string({required: true, description: text((t) => t.models.help.argModel)}),
  };
  static override flags = {
    ...configFlag,
    variant: Flags.string({
      summary: text((t) => t.models.help.flagVariant),
      env: 'BERTH_VARIANT',
      helpValue: 'NAME',
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ModelsPull);
    const model = findModel(args.model, await readOwnModels(flags.config));
    const variant = chooseVariant(model, flags.variant);
    const store = await this.parts.weights();
    const weights = await store.ensure(model, variant, {progress: this.progress, signal: this.signal});
    const result = {schema: 'berth.weights/1', model: model.id, variant: variant.name, ...weights} as const;
    return this.present(result, (t) => t.models.pulled(result));
  }
}
