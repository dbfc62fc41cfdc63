import {resolve} from 'node:path';
import {z} from 'zod';
import {formatBytes} from '../../../base/units.ts';
import {BerthCommand, examples, Flags, text} from '../../../cli/command.ts';
import {chooseVariant, findModel, saveNano} from '../../../models/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.weights/1'),
  model: z.literal('nano'),
  variant: z.string(),
  path: z.string(),
  totalBytes: z.number(),
  sha256: z.string(),
});
type Result = z.infer<typeof resultSchema>;

export default class ModelsBuildNano extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.buildNano);
  static override examples = examples([
    'models build nano --output nano.gguf',
    (t) => t.models.help.buildNanoExample,
  ]);
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: text((t) => t.models.help.flagOutput),
      env: 'BERTH_OUTPUT',
      helpValue: 'FILE',
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(ModelsBuildNano);
    const nano = findModel('nano');
    const variant = chooseVariant(nano, undefined);
    const written =
      flags.output === undefined
        ? await (await this.parts.weights()).ensure(nano, variant)
        : await saveNano(resolve(flags.output));
    const result = {schema: 'berth.weights/1', model: 'nano', variant: variant.name, ...written} as const;
    return this.present(result, (t) =>
      t.models.built({path: written.path, size: formatBytes(written.totalBytes)}),
    );
  }
}
