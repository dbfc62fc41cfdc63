import {randomUUID} from 'node:crypto';

const SANE = /^[A-Za-z0-9._:-]{1,128}$/;

/** The client's own id where it can stand in a log and a header, otherwise a new one. */
export const requestId = (given: string | string[] | undefined): string =>
  typeof given === 'string' && SANE.test(given) ? given : `req-${randomUUID()}`;
