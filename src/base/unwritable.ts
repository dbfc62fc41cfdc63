import {BerthError, systemCode} from './errors.ts';

const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EDQUOT']);

interface Unwritable {
  code: string;
  path: string;
  /** A command that uses another folder. */
  instead: string;
}

/** Runs what writes a file; a place that cannot be written becomes an error that names it and the fix. */
export async function explainUnwritable<T>(
  {code, path, instead}: Unwritable,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const reason = systemCode(error);
    if (reason === undefined || !UNWRITABLE.has(reason)) throw error;
    const full = reason === 'ENOSPC' || reason === 'EDQUOT';
    throw new BerthError({
      code,
      what: (t) => t.hosts.stateNotWritable({path}),
      why: (t) => (full ? t.hosts.diskFull() : t.hosts.systemSays({reason})),
      try: full ? [`df -h ${path}`] : [`ls -ld ${path}`, instead],
      details: {path, reason},
      cause: error,
    });
  }
}
