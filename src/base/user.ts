import {hostname, userInfo} from 'node:os';

/** Whose rights this program has. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without an entry in the user database, as containers often run.
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** `ann@laptop`: who does something, for other people to read. */
export const whoIsThis = (): string => `${userName()}@${hostname()}`;
