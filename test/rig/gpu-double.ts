import type {RigHost} from './host.ts';

/** The lines of the double's state file; what is left out has the value of an idle RTX 4090 D. Docs: docs/rig.md. */
export interface GpuState {
  name?: string;
  driver?: string;
  cuda?: string;
  total_mib?: number;
  reserved_mib?: number;
  /** Memory in use that no process owns up to. */
  other_mib?: number;
  /** Percent. */
  utilization?: number;
  temperature?: number;
  power_w?: number;
  /** Bits of clocks_event_reasons.active, `0x0000000000000040`. */
  throttle?: string;
  /** Fields that answer `[N/A]`. */
  absent?: readonly string[];
  /** What the double of llama-server takes of the card when it starts. */
  engine_mib?: number;
  fault?:
    'none' | 'hang' | 'no-devices' | 'unknown-error' | 'lost' | 'nvml-unknown' | 'mismatch' | 'no-driver';
  delay_ms?: number;
  /** Memory of processes, by PID on the host. */
  processes?: readonly {pid: number; mib: number; name: string}[];
  /** Memory of a container's first process, for as long as it runs. */
  containers?: readonly {name: string; mib: number}[];
}

const FOLDER = '/var/lib/gpu-double';
const PROGRAMS = {smi: '/usr/bin/nvidia-smi', dmesg: '/usr/local/bin/dmesg'};
/** Where the pretended kernel of a rig host writes its XIDs. */
const KERNEL_LOG = `${FOLDER}/kern.log`;

/** The GPU double of a rig host: a pretended card that a test steers. */
export class GpuDouble {
  readonly #host: Pick<RigHost, 'must' | 'writeFile'>;

  constructor(host: Pick<RigHost, 'must' | 'writeFile'>) {
    this.#host = host;
  }

  /** Puts nvidia-smi and a kernel log on the host (with no path at all, a host has no GPU), in this state. */
  async plugIn(state: GpuState = {}): Promise<void> {
    await this.set(state);
    const {smi, dmesg} = PROGRAMS;
    await this.#host.must(['install', '-m', '755', '/usr/local/lib/gpu-double/nvidia-smi', smi]);
    // Before the real one, which stays.
    await this.#host.must(['install', '-m', '755', '/usr/local/lib/gpu-double/dmesg', dmesg]);
  }

  async unplug(): Promise<void> {
    await this.#host.must(['rm', '-rf', ...Object.values(PROGRAMS), `${FOLDER}/state`, KERNEL_LOG]);
  }

  /** Replaces the whole state in one step. */
  async set(state: GpuState): Promise<void> {
    const {absent, processes = [], containers = [], ...rest} = state;
    const lines = [
      ...Object.entries(rest).map(([key, value]) => `${key}=${String(value)}`),
      ...(absent ? [`absent=${absent.join(',')}`] : []),
      ...processes.map(({pid, mib, name}) => `process=${pid},${mib},${name}`),
      ...containers.map(({name, mib}) => `container=${name},${mib}`),
    ];
    await this.#host.writeFile(`${FOLDER}/state`, lines.map((line) => `${line}\n`).join(''));
  }

  /** The driver reports an XID in the kernel's log. */
  async xid(code: number, text = 'GPU has fallen off the bus.'): Promise<void> {
    const script = 'echo "[$(cut -d" " -f1 /proc/uptime)] $1" >> "$2"';
    const line = `NVRM: Xid (PCI:0000:01:00): ${code}, pid='<unknown>', name=<unknown>, ${text}`;
    await this.#host.must(['sh', '-c', script, 'xid', line, KERNEL_LOG]);
  }
}
