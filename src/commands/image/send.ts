import {join} from 'node:path';
import {z} from 'zod';
import {Args, BerthCommand, examples, text} from '../../cli/command.ts';
import {presentSent} from '../../cli/present/images.ts';
import {openImages} from '../../hosts/index.ts';
import {IMAGE_NAMES, newestImage, sendImage} from '../../images/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.image-send/1'),
  host: z.string(),
  reference: z.string(),
  id: z.string(),
  layers: z.int(),
  /** Layers that had to be moved, and their bytes on the wire. */
  movedLayers: z.int(),
  movedBytes: z.number(),
});
type Result = z.infer<typeof resultSchema>;

export default class ImageSend extends BerthCommand<Result> {
  static override summary = text((t) => t.images.help.send);
  static override description = text((t) => t.images.help.sendDescription);
  static override examples = examples(['image send berth gpu1', (t) => t.images.help.sendExample]);
  static override args = {
    name: Args.string({
      required: true,
      options: [...IMAGE_NAMES],
      description: text((t) => t.images.help.argOne),
    }),
    host: Args.string({required: true, description: text((t) => t.images.help.argTarget)}),
  };
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {args} = await this.parse(ImageSend);
    await using here = await this.parts.host('local');
    await using there = await this.parts.host(args.host);
    using from = await openImages(() => here.connectDocker());
    using to = await openImages(() => there.connectDocker());
    const sent = await sendImage({
      reference: await newestImage(from, args.name),
      from,
      to,
      cache: join(this.parts.folders.cache, 'images'),
      progress: this.progress,
      signal: this.signal,
    });
    const result = {schema: 'berth.image-send/1', host: there.name, ...sent} as const;
    return this.present(result, (t) => presentSent(t, there.name, sent));
  }
}
