import {bytes} from '../../base/units.ts';
import type {LargeFile} from '../host.ts';
import type {SshConnection} from './connection.ts';

/** Prints the size of a file, which `wc` reads off without reading the file; 9 where there is none. */
const SIZE = '[ -f "$1" ] && [ -r "$1" ] || exit 9; wc -c < "$1"';
/** Programs that every Unix has, and that seek: SFTP asks for each 32 KiB and waits for the answer. */
const PART = 'tail -c "+$2" -- "$1" | head -c "$3"';

/** A large file on another machine, read through programs there. */
export async function remoteLargeFile(
  connection: Pick<SshConnection, 'exec' | 'openProgram'>,
  path: string,
): Promise<LargeFile | undefined> {
  const {code, stdout} = await connection.exec(['sh', '-c', SIZE, 'sh', path]);
  if (code !== 0) return undefined;
  return {
    totalBytes: bytes(Number(stdout.trim())),
    async read(start, end) {
      const argv = ['sh', '-c', PART, 'sh', path, String(start + 1), String(end - start)] as const;
      const stream = await connection.openProgram(argv);
      stream.end();
      return stream;
    },
  };
}
