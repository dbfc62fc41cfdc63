import {z} from 'zod';
import {BerthCommand, dockerHostFlag, examples, text} from '../../cli/command.ts';
import {presentPruned} from '../../cli/present/images.ts';
import {imagesOfReleases} from '../../deploy/index.ts';
import {openImages} from '../../hosts/index.ts';
import {pruneImages} from '../../images/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.image-prune/1'),
  host: z.string(),
  /** Bytes that each takes alone or with others: what is shared stays while one of them does. */
  removed: z.array(z.object({reference: z.string(), totalBytes: z.number()})),
  kept: z.array(z.object({reference: z.string(), why: z.enum(['container', 'release', 'newest'])})),
});
type Result = z.infer<typeof resultSchema>;

export default class ImagePrune extends BerthCommand<Result> {
  static override summary = text((t) => t.images.help.prune);
  static override description = text((t) => t.images.help.pruneDescription);
  static override examples = examples(['image prune --host gpu1', (t) => t.images.help.pruneExample]);
  static override flags = dockerHostFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(ImagePrune);
    await using host = await this.parts.host(flags.host);
    using images = await openImages(() => host.connectDocker());
    const pruned = await pruneImages(images, await imagesOfReleases(host));
    const result: Result = {
      schema: 'berth.image-prune/1',
      host: host.name,
      removed: [...pruned.removed],
      kept: [...pruned.kept],
    };
    return this.present(result, (t) => presentPruned(t, pruned));
  }
}
