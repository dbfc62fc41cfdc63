import {z} from 'zod';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {formatBytes} from '../../base/units.ts';
import {OUT_OF_MEMORY} from '../../engines/index.ts';
import {waysOutBeside, type Sized} from '../ways-out.ts';

/** How far the host was told to keep a release: once `done` it serves, whatever comes after. */
export type Commit = 'not-asked' | 'asked' | 'done';

/** One error for a release that did not make it: what, why, and what serves now. */
export function notInService(
  {number: release, settings}: {number: number; settings: Sized},
  present: number | undefined,
  error: unknown,
): unknown {
  if (!(error instanceof BerthError)) return error;
  const details = {release, serving: present, cause: error.code, ...error.details};
  const told = {
    code: 'deploy_failed',
    try: error.try.length > 0 ? error.try : ['berth logs', 'berth doctor'],
    details,
    cause: error,
  };
  const short = shortOfMemory.safeParse(error.details);
  if (!short.success) {
    return new BerthError({
      ...told,
      what: (t) => t.deploy.failed({release, present, cause: error.what(t)}),
      ...(error.why && {why: error.why}),
      // The host is gone, or what Berth has there: another try on it is what a script may make of that.
      exit: isUnreachable(error) ? ExitCode.unreachable : ExitCode.failed,
      lastLines: error.lastLines,
    });
  }
  // One sentence: which probe saw it, and how the program ended, say nothing more.
  const {askedBytes, freeBytes, knownBy} = short.data;
  return new BerthError({
    ...told,
    try: waysOutBeside(error.try, settings),
    what: (t) =>
      t.deploy.shortOfMemory({
        ...{release, present},
        asked: askedBytes === undefined ? undefined : formatBytes(askedBytes),
        free: freeBytes === undefined ? undefined : formatBytes(freeBytes),
      }),
    exit: ExitCode.doesNotFit,
    lastLines: [knownBy],
  });
}

/** What the gate tells of an engine that ran out of memory. */
const shortOfMemory = z.object({
  knownCause: z.literal(OUT_OF_MEMORY),
  /** The log line that gave it away. */
  knownBy: z.string(),
  askedBytes: z.number().optional(),
  freeBytes: z.number().optional(),
});

/** The error for a release that serves, while what was to come after could not be done. The host does that itself. */
export function servesUnfinished(release: number, error: unknown): unknown {
  if (!(error instanceof BerthError)) return error;
  return new BerthError({
    code: 'deploy_unfinished',
    what: (t) => t.deploy.unfinished({release, cause: error.what(t)}),
    ...(error.why && {why: error.why}),
    try: ['berth status', ...error.try],
    exit: error.exit,
    details: {release, serving: release, cause: error.code, ...error.details},
    lastLines: error.lastLines,
    cause: error,
  });
}

/** The error for a release that the host was told to keep, and then it could not be reached any more. */
export function mayServe(release: number, present: number | undefined, error: unknown): unknown {
  if (!(error instanceof BerthError)) return error;
  return new BerthError({
    code: 'deploy_uncertain',
    what: (t) => t.deploy.uncertain({release, present, cause: error.what(t)}),
    ...(error.why && {why: error.why}),
    try: [...error.try, 'berth status'],
    exit: error.exit,
    details: {release, present, cause: error.code, ...error.details},
    lastLines: error.lastLines,
    cause: error,
  });
}

/** The host cannot be reached: what it was told last may or may not have been done. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof BerthError && error.exit === ExitCode.unreachable;
