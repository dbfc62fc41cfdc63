import type {LogOptions} from '../../runtime.ts';

/** Which lines are wanted, of the log files in this folder. */
export interface LogQuestion extends Omit<LogOptions, 'signal'> {
  folder: string;
}
