import type {Duplex} from 'node:stream';
import {text} from 'node:stream/consumers';
import type {ClientChannel, SFTPWrapper} from 'ssh2';
import type {Clock} from '../../base/clock.ts';
import {BerthError} from '../../base/errors.ts';
import {minutes, ms, seconds, type Duration} from '../../base/units.ts';
import type {HostKey} from './host-key.ts';
import {Keychain, type AskPassphrase} from './keychain.ts';
import {dialTcp, isRefusal, Link, PATIENCE, type Patience} from './link.ts';
import {
  channelRefused,
  connectionLost,
  hostKeyChanged,
  hostKeyUnknown,
  programFailed,
  programTooSlow,
  unreachable,
} from './problems.ts';
import {commandLine} from './quote.ts';
import {hopName, type Hop} from './route.ts';
import {Slots} from './slots.ts';
import type {TrustedHop} from './trust.ts';

export interface SshConnectionOptions {
  /** Name of the host, for errors. */
  host: string;
  /** The machines on the way; the last is the host. */
  route: readonly [...TrustedHop[], TrustedHop];
  env: NodeJS.ProcessEnv;
  clock: Clock;
  askPassphrase: AskPassphrase;
  /** The command that makes a key that was shown the right one. */
  repair: (hop: Hop, shown: HostKey) => string;
  patience?: Patience;
  /** How long a lost connection is tried to be had again, before what needs it fails. */
  reconnectFor?: Duration;
}

export type Argv = readonly [string, ...string[]];

export interface ExecOptions {
  /** Its standard input; empty when left out. */
  input?: string | Buffer;
  signal?: AbortSignal;
  /** Two minutes when left out. */
  deadline?: Duration;
}

export interface Ended {
  /** Null when a signal has ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

const RECONNECT_FOR: Duration = seconds(30);
const EXEC_DEADLINE: Duration = minutes(2);
const FIRST_PAUSE: Duration = ms(200);
const LONGEST_PAUSE: Duration = seconds(4);
/** Programs of `exec` that run at once: sshd allows ten sessions a connection (MaxSessions), and others need some. */
const PROGRAMS_AT_ONCE = 4;
/** More connections than one are only opened when long-lived programs have used up what sshd allows. */
const MOST_LINKS = 5;
/** How often an opening is tried again because the connection was lost meanwhile. */
const MOST_OPENINGS = 5;

/**
 * The one connection to a host: made when it is first needed, kept alive, and made again after it was lost. What
 * ran over a lost connection fails with `ssh_connection_lost`; what is opened later goes over the new one. Only the
 * first connection must succeed at once: an address that was wrong stays wrong.
 */
export class SshConnection implements AsyncDisposable {
  readonly #options: SshConnectionOptions;
  readonly #keychains: readonly Keychain[];
  readonly #programs = new Slots(PROGRAMS_AT_ONCE);
  #links: Link[] = [];
  #dialling: Promise<Link> | undefined;
  #growing: Promise<Link> | undefined;
  #sftp: Promise<{sftp: SFTPWrapper; link: Link}> | undefined;
  #handshakes = 0;
  #gaveUp = false;
  #disposed = false;
  #shown: HostKey | undefined;

  constructor(options: SshConnectionOptions) {
    this.#options = options;
    const {env, askPassphrase} = options;
    this.#keychains = options.route.map((hop) => new Keychain({hop, env, askPassphrase}));
  }

  /** Completed logins at the host so far. */
  get handshakes(): number {
    return this.#handshakes;
  }

  /** The key that the host has shown. */
  get hostKey(): HostKey | undefined {
    return this.#shown;
  }

  /** The file or the agent's key that has opened the door. */
  get loginKey(): string | undefined {
    return this.#keychains.at(-1)?.used;
  }

  /** Connects if there is no connection. */
  async connect(): Promise<void> {
    await this.#primary();
  }

  /** Runs a program to its end. Not tried again when the connection is lost: it may have run. */
  async exec(argv: Argv, options: ExecOptions = {}): Promise<Ended> {
    const {signal, deadline = EXEC_DEADLINE, input} = options;
    signal?.throwIfAborted();
    using _slot = await this.#programs.take();
    const {channel, link} = await this.#session((one) => one.program(commandLine(argv)));
    const stream = link.stream(channel, {program: true});
    const stderr: Buffer[] = [];
    channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const closed = new Promise<number | null | undefined>((resolve) => channel.once('close', resolve));
    const stop = (why: Error): void => {
      link.terminate(channel);
      stream.destroy(why);
    };
    const onAbort = (): void => stop(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort, {once: true});
    const tooLate = setTimeout(() => stop(programTooSlow(this.#options.host, argv[0], deadline)), deadline);
    try {
      stream.end(input);
      const stdout = await text(stream);
      const code = await closed;
      if (code === undefined) throw link.lost ?? connectionLost(this.#options.host, 'no exit code came');
      return {code, stdout, stderr: Buffer.concat(stderr).toString()};
    } finally {
      clearTimeout(tooLate);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Standard input and output of a program as one stream; it fails with what the program wrote to stderr when that
   * ends with an error. Should the connection be lost just while it starts, it is started again.
   */
  openProgram(argv: Argv): Promise<Duplex> {
    return this.#again(async () => {
      const {channel, link} = await this.#session((one) => one.program(commandLine(argv)));
      return link.stream(channel, {
        program: true,
        failure: (ended) => programFailed(this.#options.host, argv.join(' '), ended),
      });
    });
  }

  /** A stream to a Unix socket of the host. */
  openUnixSocket(path: string): Promise<Duplex> {
    return this.#forward(path, (link) => link.unixSocket(path));
  }

  /** A stream to a TCP port, connected to from the host. */
  openTcp(address: string, port: number): Promise<Duplex> {
    return this.#forward(`${address}:${port}`, (link) => link.tcp(address, port));
  }

  /** Runs requests on the connection's one SFTP session; `again` when it may be done twice. */
  async withSftp<T>(work: (sftp: SFTPWrapper) => Promise<T>, how: 'once' | 'again'): Promise<T> {
    const attempt = async (): Promise<T> => {
      const {sftp, link} = await this.#openSftp();
      try {
        return await work(sftp);
      } catch (error) {
        throw link.lost ?? error;
      }
    };
    if (how === 'again') return await this.#again(attempt);
    await this.#again(() => this.#openSftp());
    return await attempt();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const links = this.#links;
    this.#links = [];
    await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
  }

  async #openSftp(): Promise<{sftp: SFTPWrapper; link: Link}> {
    const open = (this.#sftp ??= this.#session((link) => link.sftp()).then(({channel, link}) => {
      const forget = (): void => {
        if (this.#sftp === open) this.#sftp = undefined;
      };
      channel.on('close', forget);
      channel.on('error', forget);
      return {sftp: channel, link};
    }));
    try {
      const found = await open;
      if (!found.link.lost) return found;
    } catch (error) {
      if (this.#sftp === open) this.#sftp = undefined;
      throw error;
    }
    if (this.#sftp === open) this.#sftp = undefined;
    return await this.#openSftp();
  }

  #forward(to: string, open: (link: Link) => Promise<Duplex>): Promise<Duplex> {
    return this.#again(async () => {
      try {
        return await open(await this.#primary());
      } catch (error) {
        throw isRefusal(error) ? channelRefused(this.#options.host, to, error) : error;
      }
    });
  }

  /** Opens what may be opened twice, until it is open or the host cannot be reached any more. */
  async #again<T>(open: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await open();
      } catch (error) {
        const lost = error instanceof BerthError && error.code === 'ssh_connection_lost';
        if (!lost || this.#disposed || tries >= MOST_OPENINGS) throw error;
      }
    }
  }

  async #session<T extends ClientChannel | SFTPWrapper>(
    open: (link: Link) => Promise<T>,
  ): Promise<{channel: T; link: Link}> {
    let refusedBy: Link | undefined;
    for (;;) {
      const link = await this.#withRoom();
      try {
        return {channel: await open(link), link};
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (link.sessions === 0) throw channelRefused(this.#options.host, 'a session', error);
        // sshd counts a session that we have just closed until it has read all that came with our farewell.
        if (refusedBy === link) link.full = true;
        refusedBy = link;
      }
    }
  }

  async #withRoom(): Promise<Link> {
    await this.#primary();
    const free = this.#links.find((link) => !link.lost && !link.full);
    if (free) return free;
    if (this.#links.length >= MOST_LINKS) {
      throw channelRefused(this.#options.host, 'a session', new Error('too many programs run at once'));
    }
    this.#growing ??= this.#dial().finally(() => (this.#growing = undefined));
    return await this.#growing;
  }

  /** The connection, made anew when there is none: by one caller, for all. */
  async #primary(): Promise<Link> {
    this.#links = this.#links.filter((link) => !link.lost);
    const [link] = this.#links;
    if (link) return link;
    this.#dialling ??= this.#redial().finally(() => (this.#dialling = undefined));
    return await this.#dialling;
  }

  async #redial(): Promise<Link> {
    const {clock, reconnectFor = RECONNECT_FOR} = this.#options;
    const started = clock.elapsed();
    for (let pause = FIRST_PAUSE; ; pause = ms(Math.min(pause * 2, LONGEST_PAUSE))) {
      try {
        const link = await this.#dial();
        this.#gaveUp = false;
        return link;
      } catch (error) {
        const wayOnly = error instanceof BerthError && error.code === 'ssh_unreachable';
        const late = clock.elapsed() - started >= reconnectFor;
        // Who has waited in vain once does not let every later call wait as long again.
        if (!wayOnly || this.#handshakes === 0 || this.#gaveUp || late || this.#disposed) {
          this.#gaveUp = true;
          throw error;
        }
        await clock.sleep(pause);
      }
    }
  }

  /** One connection over all machines on the way. */
  async #dial(): Promise<Link> {
    const {host, route, patience = PATIENCE} = this.#options;
    let stream = await dialTcp(host, route[0], patience);
    let link: Link | undefined;
    for (const [index, hop] of route.entries()) {
      const keychain = this.#keychains[index];
      if (!keychain) throw new Error(`no keychain for ${hopName(hop)}`);
      const last = index === route.length - 1;
      if (link) stream = await throughTo(link, hop, host);
      const via: Link | undefined = link;
      try {
        link = await Link.over(stream, {
          host,
          hop,
          keychain,
          patience,
          keyTypes: hop.known.map(({type}) => type),
          trust: (shown) => {
            if (last) this.#shown = shown;
            this.#trust(hop, shown);
          },
          ...(via && {via}),
        });
      } catch (error) {
        await via?.[Symbol.asyncDispose]();
        throw error;
      }
    }
    if (!link) throw new Error('a route has at least one machine');
    if (this.#disposed) {
      await link[Symbol.asyncDispose]();
      throw connectionLost(host, 'it was closed meanwhile');
    }
    this.#handshakes++;
    this.#links.push(link);
    return link;
  }

  #trust(hop: TrustedHop, shown: HostKey): void {
    const {host, repair} = this.#options;
    if (hop.known.some(({fingerprint}) => fingerprint === shown.fingerprint)) return;
    const mismatch = {host, hop, shown, repair: repair(hop, shown)};
    if (hop.known.length === 0) throw hostKeyUnknown(mismatch);
    throw hostKeyChanged({...mismatch, known: hop.known});
  }
}

async function throughTo(link: Link, hop: Hop, host: string): Promise<Duplex> {
  try {
    return await link.tcp(hop.address, hop.port);
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw unreachable(host, hop, error);
  }
}
