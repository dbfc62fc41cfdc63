import {z} from 'zod';
import {readJsonLines} from './ndjson.ts';

const messageSchema = z.object({
  /** Output of a build. */
  stream: z.string().exactOptional(),
  /** What happens to a layer, or to the whole. */
  status: z.string().exactOptional(),
  /** The layer. */
  id: z.string().exactOptional(),
  progressDetail: z
    .object({current: z.number().exactOptional(), total: z.number().exactOptional()})
    .nullish()
    .transform((detail) => detail ?? {}),
  error: z.string().exactOptional(),
  errorDetail: z.object({message: z.string()}).exactOptional(),
});
export type DockerMessage = z.infer<typeof messageSchema>;

/** The work failed, as the stream of its messages says: its status was 200 all the same. */
export class FailedInStream extends Error {}

/**
 * Messages of a build, pull, push or load. Throws FailedInStream when one says that the work failed: that this
 * happens at the end of an answer with status 200 is why nobody may take the status for success.
 */
export async function* readMessages(stream: NodeJS.ReadableStream): AsyncGenerator<DockerMessage> {
  for await (const value of readJsonLines(stream)) {
    const message = messageSchema.parse(value);
    const failure = message.errorDetail?.message ?? message.error;
    if (failure !== undefined) throw new FailedInStream(failure);
    yield message;
  }
}
