import {join} from 'node:path';
import {z} from 'zod';
import {Args, BerthCommand, dockerHostFlag, examples, imageFlags, text} from '../../cli/command.ts';
import {presentBuilds} from '../../cli/present/images.ts';
import {openImages} from '../../hosts/index.ts';
import {buildImage, IMAGE_NAMES, type BuiltImage} from '../../images/index.ts';

const ALL = 'all';

const resultSchema = z.object({
  schema: z.literal('berth.image-build/1'),
  host: z.string(),
  images: z.array(
    z.object({
      name: z.enum(IMAGE_NAMES),
      reference: z.string(),
      id: z.string(),
      totalBytes: z.number(),
      base: z.string(),
      /** False when an image with the same inputs was there already. */
      built: z.boolean(),
    }),
  ),
});
type Result = z.infer<typeof resultSchema>;

export default class ImageBuild extends BerthCommand<Result> {
  static override summary = text((t) => t.images.help.build);
  static override description = text((t) => t.images.help.buildDescription);
  static override examples = examples(
    ['image build berth', (t) => t.images.help.buildExample],
    ['image build berth --base debian:bookworm', (t) => t.images.help.buildExampleBase],
    ['image build all --registry-prefix docker.m.daocloud.io', (t) => t.images.help.buildExampleMirror],
  );
  static override args = {
    name: Args.string({
      required: true,
      options: [...IMAGE_NAMES, ALL],
      description: text((t) => t.images.help.argName),
    }),
  };
  static override flags = {...dockerHostFlag, ...imageFlags};
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args, flags} = await this.parse(ImageBuild);
    await using host = await this.parts.host(flags.host);
    using images = await openImages(() => host.connectDocker());
    const wanted = IMAGE_NAMES.filter((name) => args.name === ALL || name === args.name);
    const built: BuiltImage[] = [];
    for (const name of wanted) {
      // A base or a CUDA line is for one image; with `all`, it is for those that can have it.
      built.push(
        await buildImage({
          name,
          images,
          cache: join(this.parts.folders.cache, 'images'),
          progress: this.progress,
          signal: this.signal,
          ...(flags.base !== undefined && {base: flags.base}),
          ...(flags['registry-prefix'] !== undefined && {registryPrefix: flags['registry-prefix']}),
          ...(flags.cuda !== undefined && !(args.name === ALL && name === 'berth') && {cuda: flags.cuda}),
        }),
      );
    }
    const result = {schema: 'berth.image-build/1', host: host.name, images: built} as const;
    return this.present(result, (t) => presentBuilds(t, built));
  }
}
