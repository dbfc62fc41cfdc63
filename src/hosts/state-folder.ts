import {explainUnwritable as explain} from '../base/unwritable.ts';

/** Runs what writes state; a folder that cannot be written becomes an error that names it and the fix. */
export const explainUnwritable = <T>(path: string, write: () => Promise<T>): Promise<T> =>
  explain(
    {code: 'state_not_writable', path, instead: 'BERTH_STATE_HOME=$HOME/berth-state berth deploy'},
    write,
  );
