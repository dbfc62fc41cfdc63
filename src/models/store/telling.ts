import type {Clock} from '../../base/clock.ts';
import type {Progress} from '../../base/progress.ts';
import type {Say} from '../../base/texts/index.ts';
import {ms} from '../../base/units.ts';
import type {HubTrouble} from '../hubs/trouble.ts';

type Phase = 'download' | 'verify';

export interface DownloadTelling {
  tell(phase: Phase, haveBytes: number, totalBytes: number): void;
  warn(trouble: HubTrouble): void;
}

/** Often enough for an eye. */
const EVERY = ms(100);

const SAYS: Record<Phase, Say> = {
  download: (t) => t.models.downloading(),
  verify: (t) => t.models.verifying(),
};

/** Tells a download as steps `weights/download` and `weights/verify`, in bytes. */
export function downloadTelling(progress: Progress, clock: Clock): DownloadTelling {
  let present: Phase | undefined;
  let last = -Infinity;
  return {
    tell: (phase, current, total) => {
      const step = {
        id: `weights/${phase}`,
        parent: 'weights',
        say: SAYS[phase],
        unit: 'bytes',
        total,
      } as const;
      if (phase !== present) progress({...step, status: 'started', current});
      else if (current < total && clock.elapsed() - last < EVERY) return;
      present = phase;
      last = clock.elapsed();
      progress({...step, status: current < total ? 'running' : 'done', current});
    },
    warn: ({message}) =>
      progress({
        id: 'weights/hub',
        parent: 'weights',
        status: 'warning',
        say: (t) => t.models.hubTrouble({message}),
      }),
  };
}
