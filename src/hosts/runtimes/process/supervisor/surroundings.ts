import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describeError} from '../../../../base/errors.ts';
import {isAlive, type ProcessIdentity} from '../../../local/processes.ts';
import {cleanEnvironment} from '../environment.ts';
import {DEPLOYMENT_MARK, type DeploymentPaths} from '../paths.ts';
import type {Child} from './child.ts';
import {LogFile} from './log-file.ts';

/** What every program of a deployment is started with. */
export interface Surroundings {
  cwd: string;
  env: Readonly<Record<string, string>>;
  openLog: (program: string) => LogFile;
  /** Writes a line to the supervisor's own log. */
  say: (line: string) => void;
  /** Writes down that this child was started, for a later supervisor that cannot search environments. */
  note: (child: Child) => void;
}

export function surroundingsOf(paths: DeploymentPaths): Surroundings {
  const log = openLog('supervisor');
  let noted: ProcessIdentity[] = [];
  return {
    cwd: paths.folder,
    env: {...cleanEnvironment(process.env), [DEPLOYMENT_MARK]: paths.folder},
    openLog,
    say: (line) => log.write([line]),
    note: ({identity}) => {
      if (!identity) return;
      noted = [...noted.filter(isAlive), identity];
      try {
        writeFileSync(paths.programs, JSON.stringify(noted), {mode: 0o600});
      } catch (error) {
        // On Linux the marks in the environment tell the same; a full disk must not stop a restart.
        log.write([`${paths.programs} could not be written: ${describeError(error)}`]);
      }
    },
  };

  function openLog(program: string): LogFile {
    return new LogFile(join(paths.logs, `${program}.log`));
  }
}
