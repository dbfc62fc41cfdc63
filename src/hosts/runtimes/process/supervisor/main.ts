/**
 * The supervisor: one detached process per deployment, which outlives the command that started it,
 * keeps gateway and engine alive, and takes orders on loopback. It is small on purpose.
 */
import {randomBytes} from 'node:crypto';
import {chmodSync, mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {flushCompileCache} from 'node:module';
import {setTimeout as delay} from 'node:timers/promises';
import {describeError, systemCode} from '../../../../base/errors.ts';
import {writeJson} from '../../../../base/files.ts';
import {identify} from '../../../local/processes.ts';
import {claimDeployment, knock, type Claim} from '../claim.ts';
import {recall, writeCommitted} from '../../supervisor/committed.ts';
import {deploymentPaths, type DeploymentPaths} from '../../supervisor/paths.ts';
import {findSupervisor, type Greeting, type SupervisorOptions, type SupervisorRecord} from '../record.ts';
import {sweep} from '../sweep.ts';
import {PROTOCOL} from '../../supervisor/wire.ts';
import {Deployment} from '../../supervisor/deployment.ts';
import {openServer} from '../../supervisor/server.ts';
import {Service} from '../../supervisor/service.ts';
import {surroundingsOf} from './surroundings.ts';

const SWEEP_GRACE_MS = 1000;
const CLAIM_MS = 10_000;

const options = JSON.parse(process.argv[2] ?? '{}') as SupervisorOptions;
const paths = deploymentPaths(options.stateRoot, options.deployment);

// A terminal that closes, or a Ctrl-C in it, is meant for the command that ran there.
process.on('SIGHUP', () => undefined);
process.on('SIGINT', () => undefined);

try {
  await supervise(paths, options);
} catch (error) {
  const path = paths.folder;
  const reason = systemCode(error);
  const failure = reason
    ? ({code: 'state_not_writable', path, reason} as const)
    : ({code: 'bug', message: describeError(error)} as const);
  await greet({greeting: 'failed', failure});
  process.exit(1);
}

async function supervise(paths: DeploymentPaths, {intent}: SupervisorOptions): Promise<void> {
  mkdirSync(paths.logs, {recursive: true, mode: 0o700});
  chmodSync(paths.folder, 0o700);
  let keepRecord: (() => void) | undefined;
  const claim = await claimOrYield(paths, () => keepRecord?.());
  if (!claim) {
    await greet({greeting: 'taken'});
    process.exit(0);
  }
  const surroundings = surroundingsOf(paths);
  const {say} = surroundings;
  say(`supervisor ${process.pid} starts (${intent})`);
  const left = await sweep(paths, SWEEP_GRACE_MS);
  if (left.length > 0) say(`ended what an earlier supervisor left: ${left.join(', ')}`);

  const committed = await recall(paths.committed, say);
  const deployment = new Deployment(paths, surroundings, committed);
  const service = new Service(deployment, () => {
    keepRecord = undefined;
    rmSync(paths.supervisor, {force: true});
    say(`supervisor ${process.pid} ends`);
    // The answer that tells of the end is on its way: the process ends once it is out.
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 1000);
  });
  process.on('SIGTERM', () => void service.leave());

  if (committed && (intent === 'start' || !committed.stopped)) {
    deployment.committed = {...committed, stopped: false};
    if (committed.stopped) await writeCommitted(paths.committed, deployment.committed);
    await deployment.startCommitted();
  }
  const token = randomBytes(32).toString('base64url');
  const {server, port} = await openServer(service, {token}, say);
  const self = identify(process.pid) ?? {pid: process.pid, started: ''};
  const record: SupervisorRecord = {protocol: PROTOCOL, ...self, port, token};
  await writeJson(paths.supervisor, record);
  // Without its record nobody could reach this supervisor, nor start another.
  keepRecord = () => {
    writeFileSync(paths.supervisor, JSON.stringify(record), {mode: 0o600});
  };
  await greet({greeting: 'ready'});
  flushCompileCache();
}

/** The claim, or undefined when another supervisor is in charge. One that is just ending is waited for. */
async function claimOrYield(paths: DeploymentPaths, onKnock: () => void): Promise<Claim | undefined> {
  const deadline = performance.now() + CLAIM_MS;
  for (;;) {
    const claim = await claimDeployment(paths.folder, onKnock);
    if (claim ?? (await findSupervisor(paths))) return claim;
    if (performance.now() > deadline) return undefined;
    await knock(paths.folder);
    await delay(20);
  }
}

/** Tells the process that started this one, if it is still there, and lets go of it. */
async function greet(greeting: Greeting): Promise<void> {
  if (!process.send || !process.connected) return;
  const {promise, resolve} = Promise.withResolvers<unknown>();
  process.send(greeting, resolve);
  // Nobody listens any more when it fails: then there is nobody to let go of.
  if ((await promise) === null) process.disconnect();
}
