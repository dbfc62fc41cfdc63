/** What a doctor concludes of a host where programs run in containers. Nothing here asks anything. */
import type {Say, Texts} from '../../../base/texts/index.ts';
import {
  formatBytes,
  formatDuration,
  gib,
  mib,
  ms,
  seconds,
  type Bytes,
  type Duration,
} from '../../../base/units.ts';
import type {DockerSeen, Host, OwnContainer} from '../../../hosts/index.ts';
import type {Finding} from '../diagnosis.ts';

const GUESSED_SKEW = seconds(2);
const GRAVE_SKEW = seconds(300);

export const skipped = (say: Say): Finding => ({state: 'skipped', say});

interface ReachSeen {
  kind: Host['kind'];
  user: string;
  os: string;
  platform: string;
  latency: Duration;
}

/** What a person's own machine runs does not matter: its Docker may run Linux beside it. */
export function decideReach({kind, user, os, platform, latency}: ReachSeen): Finding {
  if (kind === 'ssh' && platform !== 'linux') {
    return {state: 'fail', say: (t) => t.health.doctor.systemOther({os})};
  }
  return {state: 'pass', say: (t) => t.health.doctor.reachOk({user, os, span: formatDuration(latency)})};
}

export function decideDocker({
  os,
  version,
  storageDriver,
  rootFolder,
}: Pick<DockerSeen, 'os' | 'version' | 'storageDriver' | 'rootFolder'>): Finding {
  if (os !== 'linux')
    return {state: 'fail', say: (t) => t.health.doctor.systemOther({os}), try: ['docker info']};
  if (storageDriver === 'vfs') {
    return {state: 'warn', say: (t) => t.health.doctor.dockerVfs({version}), try: ['docker info']};
  }
  const named = {version, storage: storageDriver, folder: rootFolder};
  return {state: 'pass', say: (t) => t.health.doctor.dockerOk(named)};
}

export type PlaceUse = 'state' | 'images' | 'weights';

/** Room of one folder on the host. */
export interface Place {
  use: PlaceUse;
  folder: string;
  freeBytes: Bytes;
}

const NEEDED: Readonly<Record<PlaceUse, Bytes>> = {state: mib(100), images: gib(1), weights: mib(100)};
const FREES: Readonly<Record<PlaceUse, readonly string[]>> = {
  state: ['du -xh --max-depth=2 /home | sort -h | tail'],
  images: ['berth image prune', 'docker system df'],
  weights: ['du -xh --max-depth=2 ~/.cache/berth | sort -h | tail'],
};

export function decideDisk(places: readonly Place[]): Finding {
  const full = places.find(({use, freeBytes}) => freeBytes < NEEDED[use]);
  if (full) {
    const {use, folder} = full;
    const named = {free: formatBytes(full.freeBytes), needed: formatBytes(NEEDED[use]), folder};
    return {state: 'fail', say: (t) => t.health.doctor.placeFull(named), try: FREES[use]};
  }
  const list = places.map(({folder, freeBytes}) => `${formatBytes(freeBytes)} ${folder}`).join(', ');
  return {state: 'pass', say: (t) => t.health.doctor.placesOk({list})};
}

/** What came of a throwaway container that was given every card and asked to list them. */
export type ContainerRan = {state: 'printed'; text: string} | {state: 'refused'; message: string};

const RESTART = 'sudo systemctl restart docker';
const TOOLKIT =
  'sudo apt install nvidia-container-toolkit && sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker';

/** `ran` is of a host whose own driver lists a card. */
export function decideContainer(ran: ContainerRan): Finding {
  switch (ran.state) {
    case 'printed': {
      const names = [...ran.text.matchAll(/^GPU (\d+): ([^(\n]+)/gm)].map(
        ([, index, name]) => `${index}: ${name?.trim()}`,
      );
      if (names.length > 0) {
        return {state: 'pass', say: (t) => t.health.doctor.containerOk({list: names.join(', ')})};
      }
      return {
        state: 'fail',
        say: (t) => t.health.doctor.containerLost,
        why: (t) => t.health.doctor.containerLostWhy,
        try: [RESTART],
      };
    }
    case 'refused': {
      const {message} = ran;
      if (
        /could not select device driver|unknown or invalid runtime|nvidia-container-runtime.*not found/i.test(
          message,
        )
      ) {
        return {state: 'fail', say: (t) => t.health.doctor.toolkitMissing, try: [TOOLKIT]};
      }
      return {
        state: 'fail',
        say: (t) => t.health.doctor.containerFailed({message: message.split('\n')[0] ?? ''}),
        try: [RESTART, 'nvidia-container-cli info'],
      };
    }
  }
}

/** One question for the time: when it was asked and answered here, and what the host said. All in ms since 1970. */
export interface ClockAnswer {
  askedMs: number;
  answeredMs: number;
  hostMs: number;
}

/** The host's time belongs to somewhere between question and answer, so it is known to half of the round trip. */
export function decideSkew({askedMs, answeredMs, hostMs}: ClockAnswer): Finding {
  const half = (answeredMs - askedMs) / 2;
  const skewMs = Math.abs(hostMs - (askedMs + half));
  const named = {skew: formatDuration(ms(skewMs)), accuracy: formatDuration(ms(half))};
  if (skewMs - half < GUESSED_SKEW) return {state: 'pass', say: (t) => t.health.doctor.skewOk(named)};
  return {
    state: skewMs - half < GRAVE_SKEW ? 'warn' : 'fail',
    say: (t) => t.health.doctor.skewed(named),
    try: ['sudo timedatectl set-ntp true'],
  };
}

/** Engines and gateways whose supervisor does not run: nobody keeps them, and nobody ends them. */
export function orphansIn(containers: readonly OwnContainer[]): OwnContainer[] {
  const kept = new Set(
    containers.filter(({role, running}) => role === 'watch' && running).map(({deployment}) => deployment),
  );
  return containers.filter(
    ({role, deployment, running}) =>
      running && (role === 'engine' || role === 'gateway') && !kept.has(deployment),
  );
}

export function decideLeftovers(containers: readonly OwnContainer[]): Finding {
  const orphans = orphansIn(containers).map(({name}) => name);
  if (orphans.length === 0) return {state: 'pass', say: (t) => t.health.doctor.leftoversNone};
  return {
    state: 'warn',
    say: (t) => t.health.doctor.orphans({list: orphans.join(', ')}),
    try: [`docker rm -f ${orphans.join(' ')}`],
  };
}

/** A process that is an engine by its name; `cgroup` tells the container that it is in. */
export interface EngineProcess {
  pid: number;
  name: string;
  cgroup: string;
}

export function decideNeighbours(processes: readonly EngineProcess[], own: readonly OwnContainer[]): Finding {
  const others = processes.filter(({cgroup}) => !own.some(({id}) => cgroup.includes(id)));
  if (others.length === 0) return {state: 'pass', say: (t) => t.health.doctor.leftoversNone};
  const list = others.map(({pid, name}) => `${name} (pid ${pid})`).join(', ');
  return {state: 'warn', say: (t) => t.health.doctor.neighboursFound({list}), try: ['berth capacity']};
}

/** An address that was asked from the host; without `elapsedMs` it was silent. */
export interface Answer {
  origin: string;
  elapsedMs?: number;
}

export function decideReachable(
  answers: readonly Answer[],
  limit: Duration,
  silent: (t: Texts, named: {limit: string}) => string,
  fixes: readonly string[],
): Finding {
  const heard = answers.flatMap(({origin, elapsedMs}) =>
    elapsedMs === undefined ? [] : [{origin, span: formatDuration(ms(elapsedMs))}],
  );
  if (heard.length === 0) {
    return {state: 'warn', say: (t) => silent(t, {limit: formatDuration(limit)}), try: fixes};
  }
  return {
    state: 'pass',
    say: (t) =>
      t.health.doctor.reached({list: heard.map((one) => t.health.doctor.answersIn(one)).join(', ')}),
  };
}
