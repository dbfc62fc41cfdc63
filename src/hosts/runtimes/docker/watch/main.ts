/**
 * The supervisor of a deployment whose programs are containers. It runs in a container itself, and when it is
 * killed, stopped or replaced its programs go on: the next one takes them over.
 */
import {chmodSync, mkdirSync, rmSync} from 'node:fs';
import {connect} from 'node:net';
import {join} from 'node:path';
import {describeError, systemCode} from '../../../../base/errors.ts';
import {openRaw} from '../../../docker/raw.ts';
import {recall, writeCommitted} from '../../supervisor/committed.ts';
import {Deployment} from '../../supervisor/deployment.ts';
import {LogFile} from '../../supervisor/logs/log-file.ts';
import {deploymentPaths, type DeploymentPaths} from '../../supervisor/paths.ts';
import {openServer} from '../../supervisor/server.ts';
import {Service} from '../../supervisor/service.ts';
import type {WatchOptions} from '../containers.ts';
import type {WatchGreeting} from '../greeting.ts';
import {CONTROL_SOCKET, DOCKER_SOCKET, watchName} from '../names.ts';
import {ContainerStarter} from './container-starter.ts';

/** An answer that is on its way is sent before the container goes. */
const LAST_ANSWER_MS = 500;

const greet = (greeting: WatchGreeting): void => void process.stdout.write(`${JSON.stringify(greeting)}\n`);

async function supervise(paths: DeploymentPaths, {intent}: WatchOptions): Promise<void> {
  mkdirSync(paths.logs, {recursive: true, mode: 0o700});
  openForGateway(paths.door);
  const {raw: docker} = openRaw(() => Promise.resolve(connect(DOCKER_SOCKET)));
  const openLog = (program: string): LogFile => new LogFile(join(paths.logs, `${program}.log`));
  const log = openLog('supervisor');
  const say = (line: string): void => log.write([line]);
  say(`supervisor starts in a container (${intent})`);

  const committed = await recall(paths.committed, say);
  const wanted = committed && (intent === 'start' || !committed.stopped) ? committed : undefined;
  const starter = new ContainerStarter(docker, paths);
  const {kept, removed} = await starter.takeOver(wanted);
  if (kept.length > 0) say(`took over: ${kept.join(', ')}`);
  if (removed.length > 0) say(`removed what nobody is committed to: ${removed.join(', ')}`);

  // Its own number is the host's only where it sees the host's; elsewhere nobody is helped by it.
  const deployment = new Deployment(paths, {starter, openLog, say, supervisorPid: process.pid}, committed);
  const service = new Service(deployment, () => {
    say('supervisor ends');
    // Its restart policy would bring it back: with its container it goes for good.
    setTimeout(() => void leave(), LAST_ANSWER_MS);
  });
  const leave = async (): Promise<void> => {
    await docker.getContainer(watchName(paths.deployment)).remove({force: true});
  };
  if (wanted) {
    deployment.committed = {...wanted, stopped: false};
    if (wanted.stopped) await writeCommitted(paths.committed, deployment.committed);
    await deployment.startCommitted();
  }
  rmSync(CONTROL_SOCKET, {force: true});
  await openServer(service, 'anybody-here', say, {path: CONTROL_SOCKET});
  greet({greeting: 'ready'});
}

/** The gateway is another user and may read what is in this folder, and nothing else of the state. */
function openForGateway(door: string): void {
  mkdirSync(door, {recursive: true});
  chmodSync(door, 0o755);
}

const options = JSON.parse(process.argv[2] ?? '{}') as WatchOptions;
const paths = deploymentPaths(options.stateRoot, options.deployment);

// The programs go on; whoever stops or replaces this container knows what becomes of them.
process.on('SIGTERM', () => process.exit(0));
try {
  await supervise(paths, options);
} catch (error) {
  const reason = systemCode(error);
  const failure =
    reason === 'EACCES' || reason === 'EROFS' || reason === 'ENOSPC'
      ? ({code: 'state_not_writable', path: paths.folder, reason} as const)
      : ({code: 'bug', message: describeError(error)} as const);
  greet({greeting: 'failed', failure});
  process.exit(1);
}
