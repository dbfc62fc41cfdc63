/** What Docker's API answers when it does not do what it is asked: one place for its words. */

/** The HTTP status of an error of Docker's API. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** A published port is another's. Source: messages of moby's portallocator and userland proxy. */
export const saysPortTaken = (error: unknown): boolean =>
  error instanceof Error && /port is already allocated|address already in use/.test(error.message);
