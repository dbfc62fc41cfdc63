import {z} from 'zod';
import {BerthCommand, dockerHostFlag, examples, text} from '../../cli/command.ts';
import {presentImages} from '../../cli/present/images.ts';
import {openImages} from '../../hosts/index.ts';

const resultSchema = z.object({
  schema: z.literal('berth.images/1'),
  host: z.string(),
  images: z.array(
    z.object({
      name: z.string(),
      references: z.array(z.string()),
      id: z.string(),
      totalBytes: z.number(),
      createdAt: z.iso.datetime(),
      version: z.string(),
      inputs: z.string(),
      /** The same, its base left out. */
      code: z.string(),
      base: z.string(),
      containers: z.array(z.string()),
    }),
  ),
});
type Result = z.infer<typeof resultSchema>;

export default class ImageLs extends BerthCommand<Result> {
  static override summary = text((t) => t.images.help.list);
  static override examples = examples(['image ls', (t) => t.images.help.listExample]);
  static override flags = dockerHostFlag;
  static override resultSchema = resultSchema;

  override async run(): Promise<Result> {
    const {flags} = await this.parse(ImageLs);
    await using host = await this.parts.host(flags.host);
    using images = await openImages(() => host.connectDocker());
    const found = await images.list();
    const result: Result = {
      schema: 'berth.images/1',
      host: host.name,
      images: found.map(({createdAt, references, containers, ...image}) => ({
        ...image,
        references: [...references],
        containers: [...containers],
        createdAt: createdAt.toISOString(),
      })),
    };
    return this.present(result, (t) => presentImages(t, found));
  }
}
