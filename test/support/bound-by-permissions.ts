import {execFileSync} from 'node:child_process';

/** What a command must be started with so that permissions bind it; undefined where that cannot be had. */
export function boundByPermissions(): string[] | undefined {
  // Anybody but root is bound anyway.
  if (process.getuid?.() !== 0) return [];
  // Root without these two capabilities obeys the mode bits of its own files.
  const through = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
  const [program = '', ...args] = through;
  try {
    execFileSync(program, [...args, 'true'], {stdio: 'ignore'});
    return through;
  } catch {
    // No such program (not Linux), or a sandbox that lets no capability be given up.
    return undefined;
  }
}
