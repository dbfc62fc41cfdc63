import {posix} from 'node:path';
import {z} from 'zod';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import {Args, BerthCommand, configFlag, examples, Flags, text} from '../../cli/command.ts';
import {readOwnModels} from '../../cli/known-models.ts';
import {allModels, findModel, type Imported, type Model} from '../../models/index.ts';

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
    ['models import --from lab qwen3-4b-instruct-2507', (t) => t.models.help.importExampleFrom],
  );
  static override args = {
    path: Args.string({description: text((t) => t.models.help.argImportPath)}),
  };
  static override flags = {
    ...configFlag,
    link: Flags.boolean({
      summary: text((t) => t.models.help.flagLink),
      env: 'BERTH_LINK',
      default: false,
    }),
    from: Flags.string({
      summary: text((t) => t.models.help.flagFrom),
      env: 'BERTH_FROM',
      helpValue: 'HOST',
      exclusive: ['link'],
    }),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ModelsImport);
    const models = await readOwnModels(flags.config);
    const taken = await (flags.from === undefined
      ? this.#fromPath(args.path, models, flags.link)
      : this.#fromHost(flags.from, args.path, models));
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

  async #fromPath(path: string | undefined, own: readonly Model[], link: boolean): Promise<Imported[]> {
    if (path === undefined) {
      throw new BerthError({
        code: 'usage',
        what: (t) => t.models.importWhat(),
        try: ['berth models import /media/usb', 'berth models import --from HOST'],
        exit: ExitCode.usage,
      });
    }
    const store = await this.parts.weights();
    const {progress, signal} = this;
    return store.import(path, {models: allModels(own), link, progress, signal});
  }

  async #fromHost(name: string, model: string | undefined, own: readonly Model[]): Promise<Imported[]> {
    const models = model === undefined ? allModels(own) : [findModel(model, own)];
    await using host = await this.parts.host(name);
    const other = {
      host: name,
      folder: posix.join(host.cacheRoot, 'weights'),
      read: (path: string) => host.files.read(path),
      open: (path: string) => host.largeFile(path),
    };
    const store = await this.parts.weights();
    return await store.importFrom(other, {
      wanted: models.flatMap((each) => each.variants.map((variant) => ({model: each, variant}))),
      progress: this.progress,
      signal: this.signal,
    });
  }
}
