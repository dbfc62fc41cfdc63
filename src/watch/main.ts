/**
 * The watch: measures the device of one deployment each second, keeps the past, and answers questions about both. It
 * is a child of the deployment's supervisor and ends with it; nothing that is served depends on it.
 */
import {mkdirSync} from 'node:fs';
import {flushCompileCache} from 'node:module';
import {join} from 'node:path';
import {systemClock} from '../base/clock.ts';
import {describeError} from '../base/errors.ts';
import {minutes} from '../base/units.ts';
import {openFollower, type DeviceFacts} from '../card/index.ts';
import type {WatchHears, WatchSays} from '../hosts/index.ts';
import {
  connectDockerHere,
  containersHere,
  logOfHost,
  openNeighbours,
} from '../hosts/neighbours/hold/index.ts';
import {metricsOf, Sampler, Store, type Answers, type Observer, type WatchEvent} from '../monitor/index.ts';
import {Alerting} from './alerts/alerting.ts';
import {answer, type Answering} from './answer.ts';
import {ContainerNames} from './container-names.ts';
import {Guarding} from './guarding.ts';
import {openHealth} from './health.ts';
import {readLaunch} from './launch.ts';
import {openLeaseWatch} from './leases.ts';
import {Loop} from './loop.ts';
import {Objectives} from './objectives.ts';
import {Policies} from './policies.ts';
import {ProbeLine} from './probe-line.ts';

const clock = systemClock;
const {deployment, device, guest, stateFolder, leasesFolder} = readLaunch(process.env);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
// Whoever read its log is gone, or its disk is full.
process.stdout.on('error', () => undefined);

const over = new AbortController();
const folder = join(stateFolder, 'watch');
/** What happened to the store before there was a loop to tell it to. */
const early: WatchEvent[] = [];
let tell = (event: WatchEvent): void => void early.push(event);
try {
  mkdirSync(folder, {recursive: true, mode: 0o700});
} catch (error) {
  // The store says the same, and goes on in memory.
  say(`${folder}: ${describeError(error)}`);
}
const store = new Store({
  path: join(folder, 'watch.db'),
  now: () => Date.now(),
  tell: (event) => tell(event),
});
const follower = openFollower({
  ...{clock, device, guest},
  // From a container it may not be read.
  ...(guest && {runForLog: logOfHost(connectDockerHere, deployment)}),
});
const leases = openLeaseWatch({folder: leasesFolder, device, say});
const {leasesIn, hurry} = leases;
const containers = new ContainerNames({
  list: (deadline) => containersHere(connectDockerHere, deadline),
  clock,
});
const sampler = new Sampler({
  ...{follower, clock, watchPid: process.pid, leasesIn, containers, hurry, say},
  // A container costs more than a program.
  ...(guest && {xidsEvery: minutes(10)}),
});
const neighbours = openNeighbours(connectDockerHere);
const policies = new Policies({folder: stateFolder, say});
const guarding = new Guarding({
  ...{neighbours, leases, say},
  file: join(folder, 'guard.json'),
  policy: () => policies.guard(),
});
const send = (message: WatchSays): void => {
  // A supervisor that is gone hears nothing: `disconnect` tells of that.
  if (process.connected) process.send?.(message, () => undefined);
};
const probeLine = new ProbeLine(clock, (deadlineMs) => send({probe: {deadlineMs}}));
const objectives = new Objectives({
  ...{store, say},
  settings: () => policies.objectives(),
  probe: (deadlineMs) => probeLine.ask(deadlineMs),
});
/** Each looks at every sample, in this order: the guard asks which promise is broken. */
const observers: readonly Observer[] = [leases, guarding, objectives];
const health = openHealth(store);

const alerting = new Alerting({
  ...{deployment, stateFolder, clock, say},
  note: (event) => measuring.note([event]),
  onOutward: (outward) => send({outward}),
});

let facts: DeviceFacts | undefined;
const learnFacts = (): void => {
  if (facts) return;
  void follower.facts().then(
    (known) => (facts = known),
    // A card that does not answer is told by its readings; it is asked again with the next ones.
    () => undefined,
  );
};

const measuring = new Loop({
  sampler,
  store,
  observers,
  clock,
  say,
  onEvents: (events) => alerting.hear(events),
  onTick: () => {
    send({alive: true});
    alerting.tick();
  },
  onFlush: () => {
    learnFacts();
    send({metrics: metrics()});
  },
});
tell = (event) => measuring.note([event]);

const now = (): Answers['now'] => {
  const {sample, recent, lagMs} = measuring;
  return {...(sample && {sample}), events: recent, health: health(lagMs)};
};
const metrics = (): string => metricsOf(facts, {...now(), objectives: objectives.status()});
const guard = (): Answers['guard'] => {
  const status = guarding.status();
  const promised = objectives.status();
  return status && {...status, ...(promised && {objectives: promised})};
};

const answering: Answering = {
  ...{store, now, metrics, guard},
  alerts: () => alerting.status(),
  testAlerts: (id) => alerting.test(id),
};

process.on('message', (message) => {
  const heard = message as WatchHears;
  if ('told' in heard) {
    sampler.hear(heard.told);
    return;
  }
  if ('probed' in heard) {
    probeLine.hear(heard.probed);
    return;
  }
  const {ask: id, question} = heard;
  void answer(question, answering).then(
    (value) => send({answer: id, value}),
    (error: unknown) => send({answer: id, error: describeError(error)}),
  );
});

const leave = (): void => over.abort();
process.once('disconnect', leave).once('SIGTERM', leave);

measuring.note(early);
learnFacts();
setTimeout(() => flushCompileCache(), 5000).unref();
await measuring.run(over.signal);
await Promise.all([guarding.close(), alerting.close()]);
neighbours[Symbol.dispose]();
follower[Symbol.dispose]();
store[Symbol.dispose]();
process.exit(0);
