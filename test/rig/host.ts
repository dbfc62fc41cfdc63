import {docker, run, type Ended, type RunOptions} from './docker.ts';
import {GpuDouble} from './gpu-double.ts';
import type {RigKeys} from './keys.ts';

const USERS = ['ops', 'admin', 'plain', 'root'] as const;
/** `ops` is in the docker group, `admin` may sudo without a password, `plain` may neither. */
export type RigUser = (typeof USERS)[number];

/** A container that behaves like a machine: sshd, its own Docker engine and disk, and a GPU double. */
export class RigHost {
  /** `rig1`, `rig2`. */
  readonly name: string;
  /** Reached from this machine; stays the same over reboots. */
  readonly address: string;
  readonly port = 22;
  readonly users = USERS;
  readonly keys: RigKeys;
  readonly gpu: GpuDouble;
  /** What it is on this machine. */
  readonly container: string;
  readonly #baseImage: string;

  constructor(options: {name: string; address: string; container: string; keys: RigKeys; baseImage: string}) {
    this.name = options.name;
    this.address = options.address;
    this.keys = options.keys;
    this.container = options.container;
    this.#baseImage = options.baseImage;
    this.gpu = new GpuDouble(this);
  }

  get keyFile(): string {
    return this.keys.keyFile;
  }

  /** `SHA256:...` of its only host key. */
  async hostKeyFingerprint(): Promise<string> {
    const line = await this.must(['ssh-keygen', '-lf', '/etc/ssh/ssh_host_ed25519_key.pub']);
    return line.split(' ')[1] ?? '';
  }

  /** Runs a program on the host as root, not over its network: it works while the network is cut. */
  exec(argv: readonly string[], options: RunOptions & {user?: RigUser} = {}): Promise<Ended> {
    const {user = 'root', ...rest} = options;
    const input = options.input === undefined ? [] : ['--interactive'];
    return run(['docker', 'exec', ...input, '--user', user, this.container, ...argv], rest);
  }

  /** As `exec`, but it must succeed: its output. */
  async must(argv: readonly string[], options: RunOptions & {user?: RigUser} = {}): Promise<string> {
    const {code, stdout, stderr} = await this.exec(argv, options);
    if (code !== 0)
      throw new Error(`${this.name}: ${argv.join(' ')} ended with ${String(code)}: ${stderr || stdout}`);
    return stdout.trimEnd();
  }

  /** Its first process on this machine: whoever enters the namespaces of that is on the host. Another after a reboot. */
  async pid(): Promise<number> {
    return Number(await docker(['inspect', '--format', '{{.State.Pid}}', this.container]));
  }

  /** Replaces a file in one step. */
  async writeFile(path: string, content: string): Promise<void> {
    const script = 'mkdir -p "$(dirname "$1")" && cat > "$1.new" && mv "$1.new" "$1"';
    await this.must(['sh', '-c', script, 'write', path], {input: content});
  }

  /** Makes the rig's base image known to the host's own Docker, with no network, and tells its name. */
  async baseImage(): Promise<string> {
    const script = `docker save '${this.#baseImage}' | docker exec -i '${this.container}' docker load -q`;
    const there = await this.exec(['docker', 'image', 'inspect', this.#baseImage]);
    if (there.code !== 0) await docker(['version']).then(() => run(['sh', '-c', script], {limitMs: 120_000}));
    await this.must(['docker', 'image', 'inspect', this.#baseImage]);
    return this.#baseImage;
  }

  /** One more address of the host (`nth` from 1), so that a client's way there can be cut alone. Until a reboot. */
  async addAddress(nth: number): Promise<string> {
    const address = this.address.replace(/\d+$/, (own) => String(Number(own) + 10 * nth));
    await this.must(['ip', 'address', 'replace', `${address}/24`, 'dev', 'eth0']);
    return address;
  }

  /** Packets vanish in both directions, connections stay half open: a pulled cable. All of it, or one address. */
  async cutNetwork(address?: string): Promise<void> {
    if (address === undefined) await this.restoreNetwork();
    const [to, from] =
      address === undefined
        ? [[], []]
        : [
            ['-d', address],
            ['-s', address],
          ];
    const raw = ['iptables', '-w', '-t', 'raw', '-I'];
    await this.must([...raw, 'PREROUTING', '-i', 'eth0', ...to, '-j', 'DROP']);
    await this.must([...raw, 'OUTPUT', '-o', 'eth0', ...from, '-j', 'DROP']);
  }

  async restoreNetwork(): Promise<void> {
    await this.must(['iptables', '-w', '-t', 'raw', '-F']);
  }

  /** Ends the daemon and everybody's connection; resolves when it answers again. */
  async restartSshd(): Promise<void> {
    const before = await this.must(['cat', '/run/sshd.pid']);
    await this.must(['sh', '-c', 'kill "$1"; pkill -x sshd; :', 'sh', before]);
    await this.#until('sshd is back', [
      'sh',
      '-c',
      '[ "$(cat /run/sshd.pid)" != "$1" ] && ssh-keyscan -t ed25519 localhost >/dev/null 2>&1',
      'sh',
      before,
    ]);
  }

  /** Restarts the Docker engine (containers with a restart policy come back); resolves when it answers. */
  async restartDocker(): Promise<void> {
    await this.stopDocker();
    await this.startDocker();
  }

  /** No Docker engine from now on, until `startDocker`. */
  async stopDocker(): Promise<void> {
    await this.must(['sh', '-c', ': > /run/rig/dockerd.off; kill "$(cat /run/docker.pid)" 2>/dev/null; :']);
    await this.#until('Docker has ended', ['sh', '-c', '! pidof dockerd']);
  }

  async startDocker(): Promise<void> {
    await this.must(['rm', '-f', '/run/rig/dockerd.off']);
    await this.#until('Docker answers', ['docker', 'version']);
  }

  /** Restarts the machine: in order, or as a power cut. Resolves when sshd and Docker answer. */
  async reboot(how: 'orderly' | 'power-cut' = 'orderly'): Promise<void> {
    await docker(how === 'orderly' ? ['stop', '--time', '15', this.container] : ['kill', this.container]);
    await docker(['start', this.container]);
    await this.ready();
  }

  /** Takes so many bytes of the host's disk (Docker, /home, /var/lib/berth); all that is left when no number is given. */
  async fillDisk(bytes?: number): Promise<void> {
    const most = 'fallocate -l "$(df --output=avail -B1 /data | tail -n 1)" /data/filler';
    const rest = 'cat /dev/zero >> /data/filler';
    const script =
      bytes === undefined ? `(${most}; ${rest}) 2>/dev/null; :` : `fallocate -l ${bytes} /data/filler`;
    await this.must(['sh', '-c', script]);
  }

  async freeDisk(): Promise<void> {
    await this.must(['rm', '-f', '/data/filler']);
  }

  /** A new host key, as after a re-installation; running connections stay. */
  async rotateHostKey(): Promise<void> {
    const script =
      'rm -f /etc/ssh/ssh_host_* && ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key';
    await this.must(['sh', '-c', `${script} && kill -HUP "$(cat /run/sshd.pid)"`]);
    const key = await this.must(['cut', '-d', ' ', '-f', '2', '/etc/ssh/ssh_host_ed25519_key.pub']);
    await this.#until('sshd shows its new key', [
      'sh',
      '-c',
      'ssh-keyscan -t ed25519 localhost 2>/dev/null | grep -qF "$1"',
      'sh',
      key,
    ]);
  }

  /** Resolves when the machine is up: sshd and Docker answer. */
  async ready(): Promise<void> {
    await this.#until('the host is up', [
      'sh',
      '-c',
      'ssh-keyscan -t ed25519 localhost 2>/dev/null | grep -q . && docker version >/dev/null',
    ]);
  }

  /** Back to a known state for the next test file: everything whole, no containers, no deployments. */
  async restore(): Promise<void> {
    await this.restoreNetwork();
    await this.must(['ip', 'address', 'flush', 'dev', 'eth0', 'secondary']);
    await this.freeDisk();
    await this.startDocker();
    await this.gpu.unplug();
    const docker =
      'docker ps -aq | xargs -r docker rm -fv >/dev/null; docker network prune -f >/dev/null; docker volume prune -f >/dev/null';
    const files =
      'find /var/lib/berth /home/*/.local /home/*/.berth /root/.local /root/.berth -mindepth 1 -delete 2>/dev/null; :';
    await this.must(['sh', '-c', `${docker}; ${files}`], {limitMs: 120_000});
  }

  /** Polls inside the container with one `docker exec`, because each costs more than the wait itself. */
  async #until(what: string, argv: readonly string[]): Promise<void> {
    const script = 'for i in $(seq 300); do "$@" >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1';
    const {code} = await this.exec(['sh', '-c', script, 'until', ...argv], {limitMs: 90_000});
    if (code === 0) return;
    const logs = await run(['docker', 'logs', '--tail', '20', this.container]);
    const engine = await this.exec(['tail', '-n', '20', '/var/log/dockerd.log', '/var/log/sshd.log']);
    throw new Error(`${this.name}: waited in vain until ${what}\n${logs.stderr}${engine.stdout}`);
  }
}
