import {spawn} from 'node:child_process';
import {mkdir, open} from 'node:fs/promises';
import {join} from 'node:path';
import type {Clock} from '../../../base/clock.ts';
import {ownProgram} from '../../../base/program.ts';
import {seconds} from '../../../base/units.ts';
import {waitFor} from '../../../base/wait.ts';
import {explainUnwritable} from '../../state-folder.ts';
import {cleanEnvironment} from './environment.ts';
import {supervisorFailed} from '../supervisor/client/failures.ts';
import {readLogTail} from '../supervisor/logs/tail.ts';
import {DEPLOYMENT_MARK, RUN_MARK, SUPERVISOR_RUN, type DeploymentPaths} from '../supervisor/paths.ts';
import {findSupervisor, type Greeting, type SupervisorRecord} from './record.ts';
import {SupervisorFailure, type Intent} from '../supervisor/wire.ts';

export interface LaunchSurroundings {
  stateRoot: string;
  clock: Clock;
  compileCache?: string;
}

/** Starts a supervisor that outlives this process. Another that was quicker is as good. */
export async function launchSupervisor(
  paths: DeploymentPaths,
  intent: Intent,
  surroundings: LaunchSurroundings,
  signal?: AbortSignal,
): Promise<SupervisorRecord> {
  await explainUnwritable(paths.folder, () => mkdir(paths.logs, {recursive: true, mode: 0o700}));
  const greeting = await spawnSupervisor(paths, intent, surroundings);
  if (greeting?.greeting === 'failed') throw new SupervisorFailure(greeting.failure);
  if (!greeting) throw supervisorFailed(await readLogTail(join(paths.logs, 'supervisor.log'), 10));
  return await waitFor(() => findSupervisor(paths), {
    what: (t) => t.hosts.supervisorStarts(),
    deadline: seconds(15),
    clock: surroundings.clock,
    ...(signal && {signal}),
  });
}

async function spawnSupervisor(
  paths: DeploymentPaths,
  intent: Intent,
  {stateRoot, compileCache}: LaunchSurroundings,
): Promise<Greeting | undefined> {
  const options = JSON.stringify({stateRoot, deployment: paths.deployment, intent});
  const [node, ...program] = ownProgram('supervisor/main', import.meta.url);
  // What it prints, it prints before it can log or because it dies: both belong into its log.
  await using log = await explainUnwritable(paths.logs, () =>
    open(join(paths.logs, 'supervisor.log'), 'a', 0o600),
  );
  const child = spawn(node, [...program, options], {
    cwd: paths.folder,
    env: {
      ...(compileCache !== undefined && {NODE_COMPILE_CACHE: compileCache}),
      ...cleanEnvironment(process.env),
      [DEPLOYMENT_MARK]: paths.folder,
      [RUN_MARK]: SUPERVISOR_RUN,
    },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
    detached: true,
    windowsHide: true,
  });
  const {promise, resolve} = Promise.withResolvers<Greeting | undefined>();
  child.once('message', (greeting) => resolve(greeting as Greeting));
  child.once('exit', () => resolve(undefined));
  child.once('error', () => resolve(undefined));
  const greeting = await promise;
  if (child.connected) child.disconnect();
  child.unref();
  return greeting;
}
