import type {Readable} from 'node:stream';
import {stripVTControlCharacters} from 'node:util';
import {BerthError} from '../../../base/errors.ts';
import type {Progress} from '../../../base/progress.ts';
import type {Docker} from '../docker.ts';
import {apiMessage, asking, diskFull, dockerFailure, isDiskFull} from '../failures.ts';
import {FailedInStream, readMessages} from '../messages.ts';

/** Lines of a step's output that an error shows. */
const LAST_LINES = 50;
/** What Docker says of its own containers between a step's lines. */
const BOOKKEEPING = /^(?: ---> |Removing intermediate container )/;
const STEP = /^Step (\d+)\/(\d+) : (.*)$/;

export interface BuildOptions {
  /** What the image is called. */
  reference: string;
  arguments: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  progress: Progress;
  signal?: AbortSignal;
}

/** Builds an image without network. Throws `image_build_failed` with the failed step's output, or `disk_full`. */
export async function build(docker: Docker, context: Readable, options: BuildOptions): Promise<void> {
  const {reference, signal} = options;
  const output = await asking(
    () =>
      docker.raw.buildImage(context, {
        t: reference,
        buildargs: {...options.arguments},
        labels: {...options.labels},
        networkmode: 'none',
        // Containers of failed steps would stay otherwise.
        forcerm: true,
        ...(signal && {abortSignal: signal}),
      }),
    signal,
  );
  await followBuild(output, options);
}

/** Tells the steps of a running build, and throws when one fails. */
export async function followBuild(
  output: NodeJS.ReadableStream,
  {reference, progress, signal}: Pick<BuildOptions, 'reference' | 'progress' | 'signal'>,
): Promise<void> {
  const event = {id: 'image/build', parent: 'image'} as const;
  let step = {text: '', current: 0, total: 0};
  let lines: string[] = [];
  let rest = '';
  progress({...event, status: 'started', say: (t) => t.images.sendingContext()});
  try {
    for await (const {stream = ''} of readMessages(output)) {
      // Docker colours what a step wrote to stderr; a program's own escapes are not for our terminal either.
      const texts = (rest + stripVTControlCharacters(stream)).split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) {
        const match = STEP.exec(text.trimEnd());
        if (match) {
          const [, current, total, instruction = ''] = match;
          step = {text: instruction, current: Number(current), total: Number(total)};
          lines = [];
          const {text: said} = step;
          progress({
            ...event,
            status: 'running',
            say: (t) => t.images.buildStep({step: said}),
            current: step.current,
            total: step.total,
            unit: 'steps',
          });
        } else if (text.trim() !== '' && !BOOKKEEPING.test(text)) {
          lines.push(text.trimEnd());
          lines.splice(0, lines.length - LAST_LINES);
        }
      }
    }
  } catch (error) {
    progress({
      ...event,
      status: 'failed',
      say: (t) => (step.current === 0 ? t.images.sendingContext() : t.images.buildStep({step: step.text})),
    });
    signal?.throwIfAborted();
    const message = apiMessage(error);
    if (isDiskFull(message) || lines.some(isDiskFull)) throw diskFull(message, error);
    if (!(error instanceof FailedInStream)) throw dockerFailure(error);
    throw new BerthError({
      code: 'image_build_failed',
      what: (t) =>
        t.images.buildFailed({reference, step: step.text, current: step.current, total: step.total}),
      why: (t) => t.images.dockerSays({message}),
      try: ['berth image build', 'berth logs'],
      details: {reference, step: step.text, message},
      lastLines: rest.trim() === '' ? lines : [...lines, rest.trimEnd()],
      cause: error,
    });
  }
  progress({...event, status: 'done', say: (t) => t.images.stepsDone({count: step.total})});
}
