import {BerthError, ExitCode} from '../../../base/errors.ts';
import type {Progress} from '../../../base/progress.ts';
import type {Docker} from '../docker.ts';
import {apiMessage, apiStatus, diskFull, isDiskFull} from '../failures.ts';
import {readMessages} from '../messages.ts';

export interface PullOptions {
  progress: Progress;
  signal?: AbortSignal;
}

/** Pulls an image from its registry. Throws `image_not_pulled` with what the registry says. */
export async function pull(
  docker: Docker,
  reference: string,
  {progress, signal}: PullOptions,
): Promise<void> {
  const event = {
    id: 'image/base',
    parent: 'image',
    say: (t) => t.images.pullingBase({reference}),
  } as const satisfies Partial<Parameters<Progress>[0]>;
  try {
    const output = await docker.raw.pull(reference, {...(signal && {abortSignal: signal})});
    const layers = new Map<string, {current: number; total: number}>();
    for await (const {id, status, progressDetail} of readMessages(output)) {
      if (id === undefined || status !== 'Downloading') continue;
      layers.set(id, {current: progressDetail.current ?? 0, total: progressDetail.total ?? 0});
      const sum = (field: 'current' | 'total'): number =>
        [...layers.values()].reduce((all, one) => all + one[field], 0);
      progress({...event, status: 'running', current: sum('current'), total: sum('total'), unit: 'bytes'});
    }
  } catch (error) {
    signal?.throwIfAborted();
    const message = apiMessage(error);
    if (isDiskFull(message)) throw diskFull(message, error);
    throw new BerthError({
      code: 'image_not_pulled',
      what: (t) => t.images.notPulled({reference}),
      why: (t) => t.images.dockerSays({message}),
      try: [
        'berth image build all --registry-prefix docker.m.daocloud.io',
        'berth image build berth --base IMAGE',
        `docker pull ${reference}`,
      ],
      exit: apiStatus(error) === 404 ? ExitCode.failed : ExitCode.unreachable,
      details: {reference, message},
      cause: error,
    });
  }
}
