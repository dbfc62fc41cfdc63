import type {Clock} from '../../base/clock.ts';
import type {Progress, ProgressEvent} from '../../base/progress.ts';
import type {Say} from '../../base/texts/index.ts';
import {formatBytes, formatDuration, ms, type Duration} from '../../base/units.ts';
import type {HubTrouble} from '../hubs/trouble.ts';

type Phase = 'download' | 'verify' | 'copy';

export interface DownloadTelling {
  tell(phase: Phase, haveBytes: number, totalBytes: number, from?: string): void;
  warn(trouble: HubTrouble): void;
  /** Tells one file as a part of several: its bytes come after `beforeBytes`, and all together are `totalBytes`. */
  within(beforeBytes: number, totalBytes: number): DownloadTelling;
}

/** Often enough for an eye. */
const EVERY = ms(100);
/** Speed is that of so long. */
const WINDOW = ms(5000);

/** Tells a download as steps `weights/download` and `weights/verify`, in bytes, with speed and time left. */
export function downloadTelling(progress: Progress, clock: Clock): DownloadTelling {
  let present: Phase | undefined;
  let last = -Infinity;
  let pace: Pace | undefined;
  const telling: DownloadTelling = {
    tell: (phase, current, total, from) => {
      const now = clock.elapsed();
      const ended = current >= total;
      if (phase === present && !ended && now - last < EVERY) return;
      const status: ProgressEvent['status'] = phase !== present ? 'started' : ended ? 'done' : 'running';
      if (phase !== present) pace = new Pace();
      present = phase;
      last = now;
      const speed = pace?.add(now, current, total);
      progress({
        id: `weights/${phase}`,
        parent: 'weights',
        say: sayOf(phase, from, speed),
        unit: 'bytes',
        status,
        current,
        total,
        ...(speed && {bytesPerSecond: Math.round(speed.bytesPerSecond), leftMs: Math.round(speed.left)}),
      });
      // What began and ended at once is told twice, so that everything that starts ends.
      if (status === 'started' && ended) {
        progress({
          id: `weights/${phase}`,
          parent: 'weights',
          say: sayOf(phase),
          unit: 'bytes',
          status: 'done',
          current,
          total,
        });
      }
    },
    warn: ({message}) =>
      progress({
        id: 'weights/hub',
        parent: 'weights',
        status: 'warning',
        say: (t) => t.models.hubTrouble({message}),
      }),
    within: (before, all) => ({
      ...telling,
      // Each file is verified too, but that is told only of the whole.
      tell: (phase, current, _total, from) => {
        if (phase === 'download') telling.tell(phase, before + current, all, from);
      },
    }),
  };
  return telling;
}

function sayOf(phase: Phase, from?: string, speed?: Speed): Say {
  switch (phase) {
    case 'download':
      if (!speed) return (t) => t.models.downloading();
      return (t) =>
        t.models.downloadingAt({
          from: from === undefined ? '' : new URL(from).host,
          speed: formatBytes(speed.bytesPerSecond),
          left: formatDuration(speed.left),
        });
    case 'verify':
      return (t) => t.models.verifying();
    case 'copy':
      return (t) => t.models.copying();
  }
}

interface Speed {
  bytesPerSecond: number;
  left: Duration;
}

/** Speed over the last seconds. */
class Pace {
  readonly #marks: {at: number; have: number}[] = [];

  /** Undefined until there is something to tell it from, and at the end. */
  add(at: number, have: number, total: number): Speed | undefined {
    this.#marks.push({at, have});
    while (this.#marks.length > 2 && at - (this.#marks[0]?.at ?? at) > WINDOW) this.#marks.shift();
    const [first] = this.#marks;
    if (!first || at - first.at < EVERY || have <= first.have || have >= total) return undefined;
    const bytesPerSecond = ((have - first.have) * 1000) / (at - first.at);
    return {bytesPerSecond, left: ms(((total - have) * 1000) / bytesPerSecond)};
  }
}
