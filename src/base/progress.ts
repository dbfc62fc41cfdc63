import type {Say} from './texts/index.ts';

/** One step of long work, told while it goes on. Renderers decide how it looks (tree, lines, NDJSON). */
export interface ProgressEvent {
  /** Stable name of the step, `weights` or `weights/download`: part of the NDJSON contract. */
  id: string;
  /** The step that this one belongs to. */
  parent?: string;
  status: 'started' | 'running' | 'done' | 'skipped' | 'failed' | 'warning';
  /** What a person reads. */
  say: Say;
  /** Work done and to do, in `unit`. */
  current?: number;
  total?: number;
  unit?: 'bytes' | 'steps' | 'ms';
  /** How fast bytes come, and how long the rest takes at that. */
  bytesPerSecond?: number;
  leftMs?: number;
}

export type Progress = (event: ProgressEvent) => void;

export const silent: Progress = () => undefined;

/** Runs one step, and tells its start and how it ended. */
export async function step<T>(
  progress: Progress,
  event: Pick<ProgressEvent, 'id' | 'parent' | 'say'>,
  work: () => Promise<T>,
  done: (result: T) => Say = () => event.say,
): Promise<T> {
  progress({...event, status: 'started'});
  try {
    const result = await work();
    progress({...event, status: 'done', say: done(result)});
    return result;
  } catch (error) {
    progress({...event, status: 'failed'});
    throw error;
  }
}
