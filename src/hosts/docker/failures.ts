import {BerthError, describeError, ExitCode, systemCode} from '../../base/errors.ts';

/** Codes of a connection that could not be made or broke. */
const CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EACCES',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/** The status with which the Docker API refused; undefined when it is another failure. */
export function apiStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** A published port is another's. Source: messages of moby's portallocator and userland proxy. */
export const saysPortTaken = (error: unknown): boolean =>
  /port is already allocated|address already in use/.test(apiMessage(error));

/** What the Docker engine says went wrong, without the library's words around it. */
export function apiMessage(error: unknown): string {
  if (error instanceof Error && 'json' in error) {
    const {json} = error;
    if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
      return json.message;
    }
  }
  return describeError(error).trim();
}

/** A failed call of the Docker API as an error for people; a BerthError stays what it is. */
export function dockerFailure(error: unknown): unknown {
  if (error instanceof BerthError) return error;
  const message = apiMessage(error);
  if (isDiskFull(message)) return diskFull(message, error);
  const code = systemCode(error);
  if (apiStatus(error) === undefined && !(code !== undefined && CONNECTION.has(code)) && !isHangUp(error))
    return error;
  const unreachable = apiStatus(error) === undefined;
  return new BerthError({
    code: unreachable ? 'docker_unreachable' : 'docker_refused',
    what: (t) => (unreachable ? t.images.dockerUnreachable() : t.images.dockerRefused()),
    why: (t) => t.images.dockerSays({message}),
    try: ['berth doctor', 'docker info'],
    exit: unreachable ? ExitCode.unreachable : ExitCode.failed,
    details: {message},
    cause: error,
  });
}

const isHangUp = (error: unknown): boolean =>
  error instanceof Error && /socket hang up|aborted/.test(error.message);

export const isDiskFull = (message: string): boolean => /no space left on device/i.test(message);

export function diskFull(message: string, cause?: unknown): BerthError {
  return new BerthError({
    code: 'disk_full',
    what: (t) => t.images.dockerDiskFull(),
    why: (t) => t.images.dockerSays({message}),
    try: ['berth image prune', 'docker system df'],
    details: {message},
    cause,
  });
}

/** Runs a call of the Docker API; what it throws is for people. */
export async function asking<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await call();
  } catch (error) {
    signal?.throwIfAborted();
    throw dockerFailure(error);
  }
}
