import {describeError, systemCode} from '../base/errors.ts';
import type {Say} from '../base/texts/index.ts';
import {formatDuration, type Duration} from '../base/units.ts';
import type {KnownCause} from '../engines/index.ts';

export interface ProbeFailureOptions {
  why: Say;
  /** Commands that help, the best first. */
  try?: readonly string[];
  /** The log lines that matter, oldest first. */
  lastLines?: readonly string[];
  /** True when nothing answered at all: the program behind it may be gone. */
  unreachable?: boolean;
  /** True when the answer was "too many requests": it works, and has no room. */
  busy?: boolean;
  /** What the engine's dictionary knows of it. */
  knownCause?: KnownCause | undefined;
  cause?: unknown;
}

/** A probe that did not pass, and why. Never leaves this folder: reports and errors carry what it says. */
export class ProbeFailure extends Error {
  readonly why: Say;
  readonly try: readonly string[];
  readonly lastLines: readonly string[];
  readonly unreachable: boolean;
  readonly busy: boolean;
  readonly knownCause: KnownCause | undefined;

  constructor(options: ProbeFailureOptions) {
    super('probe failed', {cause: options.cause});
    this.why = options.why;
    this.try = options.try ?? [];
    this.lastLines = options.lastLines ?? [];
    this.unreachable = options.unreachable ?? false;
    this.busy = options.busy ?? false;
    this.knownCause = options.knownCause;
  }
}

/**
 * Runs one probe for at most `limit`; what goes wrong with the network, and the limit itself, become a
 * ProbeFailure. An abort of `signal` (the person's) is thrown on as it is; so is what is no network's fault.
 */
export async function within<T>(
  limit: Duration,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.round(limit)));
  try {
    return await work(signal ? AbortSignal.any([signal, timeout]) : timeout);
  } catch (error) {
    if (error instanceof ProbeFailure) throw error;
    signal?.throwIfAborted();
    if (timeout.aborted) {
      throw new ProbeFailure({why: (t) => t.health.noAnswer({limit: formatDuration(limit)}), cause: error});
    }
    // fetch reports every failure of a connection as a TypeError with the system's error as its cause.
    if ((error instanceof TypeError && error.cause !== undefined) || systemCode(error) !== undefined) {
      const reason = describeError(error);
      throw new ProbeFailure({
        why: (t) => t.health.connectionBroke({reason}),
        unreachable: true,
        cause: error,
      });
    }
    throw error;
  }
}
