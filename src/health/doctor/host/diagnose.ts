import {posix} from 'node:path';
import type {Clock} from '../../../base/clock.ts';
import {BerthError, describeError} from '../../../base/errors.ts';
import {formatBytes, formatDuration, mib, ms, seconds, type Duration} from '../../../base/units.ts';
import type {Examination} from '../../../card/index.ts';
import type {DockerSeen, Host, Observed, PortHolder} from '../../../hosts/index.ts';
import {cardFindings, type CardWish} from '../cards.ts';
import {DOCTOR_CHECKS, type Diagnosis, type DoctorCheckName, type Finding} from '../diagnosis.ts';
import {REACH_LIMIT} from '../reach/reach.ts';
import {askClock, askContainer, askDisk, askEngines, askMemory, askReach, askWritable} from './ask.ts';
import {
  decideContainer,
  decideDisk,
  decideDocker,
  decideLeftovers,
  decideNeighbours,
  decideReach,
  decideReachable,
  decideSkew,
  skipped,
  type Answer,
} from './decide.ts';

/** How long one check may take. */
const LIMIT: Duration = seconds(15);
const LEAST_MEMORY = mib(400);

/** Checks of a host where programs run in containers, in the order in which they are told. */
const ORDER: readonly DoctorCheckName[] = DOCTOR_CHECKS.filter(
  (name) => name !== 'node' && name !== 'engine',
);

export interface HostDoctorInput {
  name: string;
  clock: Clock;
  /** Connects; throws why it cannot. */
  open: () => Promise<Host>;
  docker: (host: Host) => Promise<DockerSeen>;
  cards: CardWish & {examine: (host: Host) => Promise<Examination>};
  /** An image of Berth that is there already. */
  image: (host: Host) => Promise<string | undefined>;
  /** How it gets there: a command for a person. */
  imageFix: string;
  gateway: {address: string; port: number; observed: (host: Host) => Promise<Observed>};
  /** Addresses of hubs and of registries that the host would ask. */
  hubs: readonly string[];
  registries: readonly string[];
  signal: AbortSignal;
}

type Told = Diagnosis['checks'][number];

/** Looks at everything that a deploy in containers needs of a host. Finds, never changes; builds and pulls nothing. */
export async function diagnoseHost(input: HostDoctorInput): Promise<Diagnosis> {
  const {clock, name} = input;
  const checks = await examine(input);
  return {at: clock.now(), host: name, checks, ready: checks.every(({state}) => state !== 'fail')};
}

async function examine(input: HostDoctorInput): Promise<Told[]> {
  const {clock} = input;
  const started = clock.elapsed();
  let host: Host;
  try {
    host = await input.open();
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const reach = {name: 'reach', durationMs: clock.elapsed() - started, ...broken(error)} as const;
    return [reach, ...ORDER.slice(1).map((name) => ({name, durationMs: 0, ...needs('reach')}))];
  }
  await using opened = host;
  return await examineOpened(input, opened);
}

async function examineOpened(input: HostDoctorInput, host: Host): Promise<Told[]> {
  const {clock, signal} = input;
  const probe = async (
    name: DoctorCheckName,
    ask: (limited: AbortSignal) => Promise<Finding | Finding[]>,
  ): Promise<Told[]> => {
    const started = clock.elapsed();
    const found = [await within(ask, signal)].flat();
    return found.map((finding, at) => ({
      name,
      // They come from one look, so its time stands at the first.
      durationMs: at === 0 ? clock.elapsed() - started : 0,
      ...finding,
    }));
  };
  const docker = input.docker(host);
  const image = docker.then(() => input.image(host));
  const seen = input.cards.examine(host);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT)]);
  const reached = image.then((reference) =>
    reference === undefined ? [] : askReach(host, reference, [...input.hubs, ...input.registries], limit),
  );
  const answersOf = async (origins: readonly string[]): Promise<Answer[]> =>
    (await reached).filter(({origin}) => origins.includes(origin));
  // Whoever waits for them tells what went wrong; until then it is nobody's unhandled failure.
  for (const promise of [docker, image, seen, reached]) void promise.catch(() => undefined);
  const withDocker = async (then: (seen: DockerSeen) => Finding | Promise<Finding>): Promise<Finding> =>
    docker.then(then, () => needs('docker'));
  const withImage = (then: (reference: string) => Promise<Finding>): Promise<Finding> =>
    withDocker(async () => {
      const reference = await image;
      const missing = {...skipped((t) => t.health.doctor.containerNoImage), try: [input.imageFix]};
      return reference === undefined ? missing : await then(reference);
    });
  const told = await Promise.all([
    probe('reach', () => askHost(host, clock)),
    probe('folders', async () => {
      const folder = host.stateRoot;
      if (await askWritable(host, folder))
        return {state: 'pass', say: (t) => t.health.doctor.stateOk({folder})};
      return {
        state: 'fail',
        say: (t) => t.health.doctor.stateClosed({folder}),
        try: [`sudo install -d -o "$(id -un)" ${folder}`],
      };
    }),
    probe('disk', () => checkDisk(host, docker)),
    probe('memory', () => checkMemory(host)),
    probe('docker', async () => decideDocker(await docker)),
    probe('gpu', async () => cardFindings(await seen, input.cards)),
    probe('container', async (limited) => {
      if ((await seen).state !== 'cards') return skipped((t) => t.health.doctor.containerNoCard);
      return withImage(async (reference) => decideContainer(await askContainer(host, reference, limited)));
    }),
    probe('port', () => checkPort(host, input.gateway)),
    probe('hubs', () =>
      withImage(async () =>
        decideReachable(
          await answersOf(input.hubs),
          REACH_LIMIT,
          (t, named) => t.health.doctor.hubsSilent(named),
          ['berth deploy --model nano', 'HF_ENDPOINT=https://your-mirror berth doctor'],
        ),
      ),
    ),
    probe('registries', () =>
      withImage(async () =>
        decideReachable(
          await answersOf(input.registries),
          REACH_LIMIT,
          (t, named) => t.health.doctor.registriesSilent(named),
          ['berth image build berth', 'BERTH_REGISTRY_PREFIX=your-mirror berth doctor'],
        ),
      ),
    ),
    probe('clock', async () => decideSkew(await askClock(host, () => clock.now().getTime()))),
    probe('leftovers', () => withDocker(({containers}) => decideLeftovers(containers))),
    probe('neighbours', async () => {
      const own = await docker.then(
        ({containers}) => containers,
        () => [],
      );
      return decideNeighbours(await askEngines(host), own);
    }),
  ]);
  return told.flat();
}

const needs = (name: DoctorCheckName): Finding =>
  skipped((t) => t.health.doctor.needs({name: t.health.doctor.check[name]}));

const broken = (error: BerthError): Finding => ({
  state: 'fail',
  say: error.what,
  ...(error.why && {why: error.why}),
  try: error.try,
});

/** A check that is late or that cannot be asked says so; it never ends the others. */
async function within(
  ask: (limited: AbortSignal) => Promise<Finding | Finding[]>,
  signal: AbortSignal,
): Promise<Finding | Finding[]> {
  const late = AbortSignal.timeout(LIMIT);
  const limited = AbortSignal.any([signal, late]);
  const gone = new Promise<never>((_resolve, reject) => {
    limited.addEventListener('abort', () => reject(limited.reason as Error), {once: true});
  });
  try {
    return await Promise.race([ask(limited), gone]);
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) return skipped((t) => t.health.doctor.late({limit: formatDuration(LIMIT)}));
    if (error instanceof BerthError) return broken(error);
    return skipped((t) => t.health.doctor.unasked({reason: describeError(error)}));
  }
}

async function askHost(host: Host, clock: Clock): Promise<Finding> {
  const {user, os, platform} = await host.facts();
  const started = clock.elapsed();
  await host.run(['true']);
  const latency = ms(clock.elapsed() - started);
  return decideReach({kind: host.kind, user, os, platform, latency});
}

async function checkDisk(host: Host, docker: Promise<DockerSeen>): Promise<Finding> {
  const images = await docker.then(
    ({rootFolder}) => rootFolder,
    () => '/var/lib/docker',
  );
  const weights = posix.join(host.cacheRoot, 'weights');
  return decideDisk(await askDisk(host, {state: host.stateRoot, images, weights}));
}

async function checkMemory(host: Host): Promise<Finding> {
  const {freeBytes, totalBytes} = await askMemory(host);
  const [free, total] = [formatBytes(freeBytes), formatBytes(totalBytes)];
  if (freeBytes >= LEAST_MEMORY) return {state: 'pass', say: (t) => t.health.doctor.ramOk({free, total})};
  const needed = formatBytes(LEAST_MEMORY);
  return {state: 'fail', say: (t) => t.health.doctor.memoryShort({free, needed}), try: ['berth capacity']};
}

async function checkPort(
  host: Host,
  {address, port, observed}: HostDoctorInput['gateway'],
): Promise<Finding> {
  const holder = await host.portHolder(address, port);
  if (!holder) return {state: 'pass', say: (t) => t.health.doctor.portFree({port})};
  // What Docker puts before a published port is no process of ours: the gateway's own address tells.
  const seen = await observed(host).catch(() => undefined);
  const gateway = seen?.state === 'running' ? seen.gateway.program : undefined;
  const url = seen?.state === 'running' && gateway?.state === 'running' ? seen.gateway.url : undefined;
  if (url !== undefined && Number(new URL(url).port || 80) === port) {
    return {state: 'pass', say: (t) => t.health.doctor.portOurs({port})};
  }
  const who = named(holder);
  return {
    state: 'fail',
    say: (t) => t.health.doctor.portTaken({port, who: who === '' ? t.health.doctor.someone : who}),
    try: [`berth deploy --port ${port === 65_535 ? port - 1 : port + 1}`],
  };
}

const named = ({name, pid}: PortHolder): string =>
  [name, pid === undefined ? undefined : `pid ${pid}`].filter((one) => one !== undefined).join(', ');
