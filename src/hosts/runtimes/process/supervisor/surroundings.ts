import {join} from 'node:path';
import {cleanEnvironment} from '../environment.ts';
import {LogFile} from '../../supervisor/logs/log-file.ts';
import {DEPLOYMENT_MARK, type DeploymentPaths} from '../../supervisor/paths.ts';
import type {Surroundings} from '../../supervisor/programs/starter.ts';
import {ProcessStarter} from './process-starter.ts';

/** What the programs of a deployment are started with as child processes. */
export function surroundingsOf(paths: DeploymentPaths): Surroundings {
  const openLog = (program: string): LogFile => new LogFile(join(paths.logs, `${program}.log`));
  const log = openLog('supervisor');
  const say = (line: string): void => log.write([line]);
  const env = {...cleanEnvironment(process.env), [DEPLOYMENT_MARK]: paths.folder};
  return {starter: new ProcessStarter(paths, env, say), openLog, say, supervisorPid: process.pid};
}
