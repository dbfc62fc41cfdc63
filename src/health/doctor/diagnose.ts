import type {Clock} from '../../base/clock.ts';
import type {Folders} from '../../base/folders.ts';
import {formatBytes, formatDuration, mib, seconds, type Bytes, type Duration} from '../../base/units.ts';
import type {Device, Examination} from '../../card/index.ts';
import type {LibraryCheck} from '../../engines/index.ts';
import type {PortHolder} from '../../hosts/index.ts';
import {cardFindings, type CardWish} from './cards.ts';
import type {Diagnosis, DoctorCheckName, Finding} from './diagnosis.ts';
import {freeSpace, writableProblem} from './folders.ts';

/** What the built-in model needs: with less than this nothing can be deployed. */
const LEAST_MEMORY = mib(400);
const LEAST_DISK = mib(100);
const HUB_LIMIT: Duration = seconds(3);
const EARLIEST = Date.UTC(2026, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

export interface DoctorInput {
  host: string;
  clock: Clock;
  /** `v24.12.0`, what runs and what is needed. */
  node: {version: string; needed: string};
  folders: Folders;
  device: Device;
  /** A look at the machine's cards, and what is wanted of them. */
  cards: CardWish & {examine: () => Promise<Examination>};
  /** `node-llama-cpp-3.22.1`, and whether it loads. */
  library: {version: string; check: () => Promise<LibraryCheck>};
  /** Of the model that a deploy would choose; bytes of its weights still to be fetched, and memory it needs. */
  model: {missingBytes: Bytes; memoryBytes: Bytes};
  port: {
    address: string;
    port: number;
    holder: () => Promise<PortHolder | undefined>;
    ownPids: readonly number[];
  };
  /** The name of the first hub that answers within the limit. */
  reachableHub: (limit: Duration) => Promise<string | undefined>;
  /** What earlier runs left, in words of the file system: paths and sizes. */
  leftovers: () => Promise<readonly Leftover[]>;
}

export interface Leftover {
  name: string;
  try: string;
}

/** Looks at everything that a deploy needs on this machine. Finds, never changes. */
export async function diagnose(input: DoctorInput): Promise<Diagnosis> {
  const {clock} = input;
  const look = async (name: DoctorCheckName, check: () => Promise<Finding>) => {
    const started = clock.elapsed();
    const finding = await check();
    return {name, durationMs: clock.elapsed() - started, ...finding};
  };
  const lookAtCards = async () => {
    const started = clock.elapsed();
    const findings = cardFindings(await input.cards.examine(), input.cards);
    // They come from one look, so its time stands at the first.
    return findings.map((finding, at) => ({
      ...finding,
      durationMs: at === 0 ? clock.elapsed() - started : 0,
    }));
  };
  const checks = await Promise.all([
    look('node', () => Promise.resolve(checkNode(input.node))),
    look('engine', () => checkEngine(input)),
    look('folders', () => checkFolders(input.folders)),
    look('disk', () => checkDisk(input)),
    look('memory', () => checkMemory(input)),
    lookAtCards(),
    look('port', () => checkPort(input)),
    look('hubs', () => checkHubs(input)),
    look('clock', () => Promise.resolve(checkClock(clock.now()))),
    look('leftovers', () => checkLeftovers(input)),
  ]).then((found) => found.flat());
  return {at: clock.now(), host: input.host, checks, ready: checks.every(({state}) => state !== 'fail')};
}

/** Pure: is the version at least the needed one? */
export function checkNode({version, needed}: DoctorInput['node']): Finding {
  const numbers = (text: string): number[] => text.replace(/^v/, '').split('.').map(Number);
  const [own, least] = [numbers(version), numbers(needed)];
  const differs = least.findIndex((part, index) => part !== own[index]);
  const enough = differs === -1 || (own[differs] ?? 0) > (least[differs] ?? 0);
  return enough
    ? {state: 'pass', say: (t) => t.health.doctor.nodeOk({version})}
    : {state: 'fail', say: (t) => t.health.doctor.nodeOld({version, needed}), try: ['npm install']};
}

async function checkEngine({library: {version, check}}: DoctorInput): Promise<Finding> {
  const library = await check();
  if (library.state === 'broken') {
    const {reason} = library;
    return {state: 'fail', say: (t) => t.health.doctor.engineBroken({reason}), try: ['npm install']};
  }
  const features = library.features.join(', ');
  return {state: 'pass', say: (t) => t.health.doctor.engineOk({version, features})};
}

async function checkFolders(folders: Folders): Promise<Finding> {
  const all = [folders.state, folders.cache, folders.config];
  for (const folder of all) {
    const reason = await writableProblem(folder);
    if (reason === undefined) continue;
    return {
      state: 'fail',
      say: (t) => t.health.doctor.folderClosed({folder, reason}),
      try: [`mkdir -p ${folder} && chmod u+rwx ${folder}`],
    };
  }
  return {state: 'pass', say: (t) => t.health.doctor.foldersOk({folders: all.join(', ')})};
}

async function checkDisk({folders, model}: DoctorInput): Promise<Finding> {
  const folder = folders.cache;
  const freeBytes = await freeSpace(folder);
  const free = formatBytes(freeBytes);
  if (freeBytes >= model.missingBytes + LEAST_DISK) {
    return {state: 'pass', say: (t) => t.health.doctor.diskOk({free, folder})};
  }
  const needed = formatBytes(model.missingBytes + LEAST_DISK);
  return {
    state: freeBytes >= LEAST_DISK ? 'warn' : 'fail',
    say: (t) => t.health.doctor.diskShort({free, needed, folder}),
    try: [`du -sh ${folder}/*`, 'berth models'],
  };
}

async function checkMemory({device, model}: DoctorInput): Promise<Finding> {
  const [reading, facts] = await Promise.all([device.read(), device.facts()]);
  const free = formatBytes(reading.freeBytes);
  const total = formatBytes(reading.totalBytes);
  if (reading.freeBytes >= model.memoryBytes) {
    return {state: 'pass', say: (t) => t.health.doctor.memoryOk({free, total, device: facts.name})};
  }
  const needed = formatBytes(model.memoryBytes);
  return {
    state: reading.freeBytes >= LEAST_MEMORY ? 'warn' : 'fail',
    say: (t) => t.health.doctor.memoryShort({free, needed}),
    try: ['berth capacity', 'berth deploy --model nano'],
  };
}

async function checkPort({port: {port, holder: ask, ownPids}}: DoctorInput): Promise<Finding> {
  const holder = await ask();
  if (!holder) return {state: 'pass', say: (t) => t.health.doctor.portFree({port})};
  const {pid, name} = holder;
  if (pid !== undefined && ownPids.includes(pid)) {
    return {state: 'pass', say: (t) => t.health.doctor.portOurs({port})};
  }
  const who = [name, pid === undefined ? undefined : `pid ${pid}`]
    .filter((one) => one !== undefined)
    .join(', ');
  return {
    state: 'fail',
    say: (t) => t.health.doctor.portTaken({port, who: who === '' ? t.health.doctor.someone : who}),
    try: [`berth deploy --port ${port === 65_535 ? port - 1 : port + 1}`],
  };
}

async function checkHubs({reachableHub, clock}: DoctorInput): Promise<Finding> {
  const started = clock.elapsed();
  const hub = await reachableHub(HUB_LIMIT);
  const span = formatDuration(clock.elapsed() - started);
  if (hub !== undefined) return {state: 'pass', say: (t) => t.health.doctor.hubOk({hub, span})};
  return {
    state: 'warn',
    say: (t) => t.health.doctor.hubsSilent({limit: formatDuration(HUB_LIMIT)}),
    try: ['berth deploy --model nano', 'HF_ENDPOINT=https://your-mirror berth doctor'],
  };
}

/** Pure: a clock before this version was written, or generations after it, is wrong. */
export function checkClock(now: Date): Finding {
  const shown = now.toISOString();
  const sane = now.getTime() >= EARLIEST && now.getTime() < LATEST;
  return sane
    ? {state: 'pass', say: (t) => t.health.doctor.clockOk({now: shown})}
    : {
        state: 'fail',
        say: (t) => t.health.doctor.clockWrong({now: shown}),
        try: ['timedatectl set-ntp true'],
      };
}

async function checkLeftovers({leftovers}: DoctorInput): Promise<Finding> {
  const left = await leftovers();
  if (left.length === 0) return {state: 'pass', say: (t) => t.health.doctor.leftoversNone};
  const list = left.map(({name}) => name).join(', ');
  return {
    state: 'warn',
    say: (t) => t.health.doctor.leftoversFound({list}),
    try: [...new Set(left.map((one) => one.try))],
  };
}
