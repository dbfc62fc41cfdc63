import {homedir} from 'node:os';
import {join} from 'node:path';
import {z} from 'zod';
import {Args, BerthCommand, examples, text} from '../../cli/command.ts';
import {openImages} from '../../hosts/index.ts';
import {IMAGE_NAMES, newestImage, pushImage} from '../../images/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.image-push/1'),
  reference: z.string(),
  /** Its name in the registry. */
  target: z.string(),
  digest: z.string().exactOptional(),
});
type Result = z.infer<typeof resultSchema>;

export default class ImagePush extends BerthCommand<Result> {
  static override summary = text((t) => t.images.help.push);
  static override description = text((t) => t.images.help.pushDescription);
  static override examples = examples([
    'image push berth registry.example.com/team',
    (t) => t.images.help.pushExample,
  ]);
  static override args = {
    name: Args.string({
      required: true,
      options: [...IMAGE_NAMES],
      description: text((t) => t.images.help.argOne),
    }),
    registry: Args.string({required: true, description: text((t) => t.images.help.argRegistry)}),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args} = await this.parse(ImagePush);
    await using here = await this.parts.host('local');
    using images = await openImages(() => here.connectDocker());
    const pushed = await pushImage({
      reference: await newestImage(images, args.name),
      images,
      registry: args.registry,
      dockerConfig: process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'),
      progress: this.progress,
      signal: this.signal,
    });
    const result: Result = {schema: 'berth.image-push/1', ...pushed};
    return this.present(result, (t) => t.images.pushed(pushed));
  }
}
