import {BerthError, systemCode} from '../base/errors.ts';

const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EDQUOT']);

/** Runs what writes state; a folder that cannot be written becomes an error that names it and the fix. */
export async function explainUnwritable<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const reason = systemCode(error);
    if (reason === undefined || !UNWRITABLE.has(reason)) throw error;
    const full = reason === 'ENOSPC' || reason === 'EDQUOT';
    throw new BerthError({
      code: 'state_not_writable',
      what: (t) => t.hosts.stateNotWritable({path}),
      why: (t) => (full ? t.hosts.diskFull() : t.hosts.systemSays({reason})),
      try: full ? [`df -h ${path}`] : [`ls -ld ${path}`, 'BERTH_STATE_HOME=$HOME/berth-state berth deploy'],
      details: {path, reason},
      cause: error,
    });
  }
}
