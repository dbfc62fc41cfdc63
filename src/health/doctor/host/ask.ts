/** What a doctor asks of a host where programs run in containers. Nothing here changes anything. */
import {createInterface} from 'node:readline';
import type {Duplex} from 'node:stream';
import {text} from 'node:stream/consumers';
import {z} from 'zod';
import {describeError} from '../../../base/errors.ts';
import {imageProgram} from '../../../base/program.ts';
import {bytes, type Bytes} from '../../../base/units.ts';
import type {Host, ImageProgram} from '../../../hosts/index.ts';
import type {Answer, ClockAnswer, ContainerRan, EngineProcess, Place, PlaceUse} from './decide.ts';

/** Programs that hold the weights of a model, as the kernel names them (15 letters). */
const ENGINES = '^(llama-server|llama-cli|vllm|VLLM|ollama|sglang|text-generation|tritonserver)';

/** For each folder: the nearest one that is there, then what `df` says of it. */
const DISK_SCRIPT = `for f in "$@"; do d=$f; while [ ! -e "$d" ]; do d=$(dirname "$d"); done
echo "$(df -P -k "$d" | tail -n 1 | awk '{print $4}') $f"; done`;

/** Exits with 0 when the folder, or the nearest above it that is there, can be written. */
const WRITABLE_SCRIPT = 'd=$1; while [ ! -e "$d" ]; do d=$(dirname "$d"); done; [ -w "$d" ]';

const ENGINES_SCRIPT = `for f in $(grep -lsE '${ENGINES}' /proc/[0-9]*/comm); do d=\${f%/comm}
echo "\${d#/proc/} $(cat "$d/comm") $(tr '\\n' ' ' < "$d/cgroup")"; done 2>/dev/null`;

export async function askDisk(host: Host, folders: Readonly<Record<PlaceUse, string>>): Promise<Place[]> {
  const uses = Object.keys(folders) as PlaceUse[];
  const {stdout} = await host.run(['sh', '-c', DISK_SCRIPT, 'disk', ...uses.map((use) => folders[use])]);
  const lines = stdout.trim().split('\n');
  return uses.map((use, index) => {
    const free = Number(/^(\d+) /.exec(lines[index] ?? '')?.[1]);
    if (!Number.isFinite(free)) throw new Error(`df: ${lines[index] ?? ''}`);
    return {use, folder: folders[use], freeBytes: bytes(free * 1024)};
  });
}

export async function askWritable(host: Host, folder: string): Promise<boolean> {
  return (await host.run(['sh', '-c', WRITABLE_SCRIPT, 'writable', folder])).code === 0;
}

export async function askMemory(host: Host): Promise<{freeBytes: Bytes; totalBytes: Bytes}> {
  const {stdout} = await host.run(['cat', '/proc/meminfo']);
  const of = (name: string): Bytes => {
    const kib = Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(stdout)?.[1]);
    if (!Number.isFinite(kib)) throw new Error(`/proc/meminfo: no ${name}`);
    return bytes(kib * 1024);
  };
  return {freeBytes: of('MemAvailable'), totalBytes: of('MemTotal')};
}

/** `now`: the wall clock here, in ms. */
export async function askClock(host: Host, now: () => number): Promise<ClockAnswer> {
  const askedMs = now();
  const {stdout} = await host.run(['date', '+%s%3N']);
  const answeredMs = now();
  const hostMs = Number(stdout.trim());
  if (!Number.isSafeInteger(hostMs) || hostMs === 0) throw new Error(`date: ${stdout.trim()}`);
  return {askedMs, answeredMs, hostMs};
}

export async function askEngines(host: Host): Promise<EngineProcess[]> {
  const {stdout} = await host.run(['sh', '-c', ENGINES_SCRIPT]);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, name, cgroup] = /^(\d+) (\S+) (.*)$/.exec(line) ?? [];
    return pid === undefined || name === undefined ? [] : [{pid: Number(pid), name, cgroup: cgroup ?? ''}];
  });
}

type Kind = Pick<ImageProgram, 'as' | 'network' | 'gpus'>;

/** What is read of what it prints. The stream is closed then, or when the signal aborts; its container goes with it. */
async function printed(
  host: Host,
  image: string,
  argv: ImageProgram['argv'],
  kind: Kind,
  signal: AbortSignal,
  read: (stream: Duplex) => Promise<string> = text,
): Promise<string> {
  const stream = await host.runInImage({...kind, image, argv, mounts: []});
  const giveUp = (): void => void stream.destroy();
  signal.addEventListener('abort', giveUp, {once: true});
  try {
    signal.throwIfAborted();
    return await read(stream);
  } finally {
    signal.removeEventListener('abort', giveUp);
    stream.destroy();
  }
}

/** Lists the cards in a throwaway container that is given all of them. */
export async function askContainer(host: Host, image: string, signal: AbortSignal): Promise<ContainerRan> {
  try {
    const kind = {as: 'owner', network: false, gpus: true} as const;
    return {state: 'printed', text: await printed(host, image, ['nvidia-smi', '-L'], kind, signal)};
  } catch (error) {
    signal.throwIfAborted();
    return {state: 'refused', message: describeError(error)};
  }
}

const answersSchema = z.array(z.object({origin: z.string(), elapsedMs: z.number().exactOptional()}));

/** The program lives on while names that nobody knows are looked up; what it has to say is one line. */
async function firstLine(stream: Duplex): Promise<string> {
  for await (const line of createInterface({input: stream})) return line;
  throw new Error('it ended without an answer');
}

/** Asks addresses from the host, as a container of it would. */
export async function askReach(
  host: Host,
  image: string,
  origins: readonly string[],
  signal: AbortSignal,
): Promise<Answer[]> {
  const kind = {as: 'owner', network: true, gpus: false} as const;
  const argv = [...imageProgram('health/doctor/reach/main'), ...origins] as const;
  return answersSchema.parse(JSON.parse(await printed(host, image, argv, kind, signal, firstLine)));
}
