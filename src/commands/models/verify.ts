import {z} from 'zod';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {textsFor} from '../../base/texts/index.ts';
import {Args, BerthCommand, configFlag, examples, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {allModels, findModel, type Model, type Variant} from '../../models/index.ts';

const verdictSchema = z.object({
  model: z.string(),
  variant: z.string(),
  path: z.string(),
  ok: z.boolean(),
  sha256: z.string().optional(),
  why: z.string().optional(),
});
const resultSchema = z.object({schema: z.literal('berth.verify/1'), verdicts: z.array(verdictSchema)});
type Verdict = z.infer<typeof verdictSchema>;
type Result = z.infer<typeof resultSchema>;

export default class ModelsVerify extends BerthCommand<Result> {
  static override summary = text((t) => t.models.help.verify);
  static override examples = examples(
    ['models verify', (t) => t.models.help.verifyExample],
    ['models verify nano', (t) => t.models.help.verifyExampleOne],
  );
  static override args = {model: Args.string({description: text((t) => t.models.help.argModel)})};
  static override flags = configFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ModelsVerify);
    const own = await readOwnModels(flags.config);
    const models = args.model === undefined ? allModels(own) : [findModel(args.model, own)];
    const verdicts: Verdict[] = [];
    for (const model of models) {
      for (const variant of model.variants) {
        const verdict = await this.#verify(model, variant);
        if (verdict) verdicts.push(verdict);
      }
    }
    const exit = verdicts.every(({ok}) => ok) ? ExitCode.ok : ExitCode.failed;
    return this.present(
      {schema: 'berth.verify/1', verdicts},
      ({models: t}) => {
        const lines = verdicts.map(({ok, path, why = ''}) =>
          ok ? t.verifyOk({path}) : t.verifyDamaged({path, why}),
        );
        return lines.length > 0 ? lines.join('\n') : t.verifyNothing();
      },
      exit,
    );
  }

  async #verify(model: Model, variant: Variant): Promise<Verdict | undefined> {
    const store = await this.parts.weights();
    const names = {model: model.id, variant: variant.name};
    try {
      const weights = await store.verify(model, variant, {progress: this.progress, signal: this.signal});
      return weights && {...names, path: weights.path, ok: true, sha256: weights.sha256};
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== 'weights_damaged') throw error;
      const language = this.jsonEnabled() ? 'en' : this.language;
      return {
        ...names,
        path: String(error.details.path),
        ok: false,
        why: error.why?.(textsFor(language)) ?? '',
      };
    }
  }
}
