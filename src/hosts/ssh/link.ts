import {connect as connectTcp} from 'node:net';
import type {Duplex} from 'node:stream';
import ssh2 from 'ssh2';
import type {ClientChannel, SFTPWrapper, ServerHostKeyAlgorithm} from 'ssh2';
import type {BerthError} from '../../base/errors.ts';
import {ms, seconds, type Duration} from '../../base/units.ts';
import {ChannelStream, type ChannelStreamOptions} from './channel-stream.ts';
import {hostKeyOf, type HostKey} from './host-key.ts';
import type {Keychain} from './keychain.ts';
import {authenticationRefused, connectionLost, handshakeFailed, unreachable} from './problems.ts';
import type {Hop} from './route.ts';

export interface Patience {
  /** For one TCP connection. */
  connect: Duration;
  /** For key exchange and login, a person who confirms the use of an agent's key included. */
  login: Duration;
  /** A connection that says nothing for so long, though it was asked, is cut. */
  silence: Duration;
}

/** A cut cable is noticed after `silence` and a second. */
export const PATIENCE: Patience = {connect: seconds(10), login: seconds(45), silence: seconds(13)};
/** How often a quiet connection is asked whether it is there. */
const ASK_EVERY: Duration = seconds(4);
const FAREWELL: Duration = seconds(1);
const LOOK_EVERY: Duration = ms(1000);

export interface LinkOptions {
  /** Name of the host that all this is for, for errors. */
  host: string;
  hop: Hop;
  keychain: Keychain;
  /** Kinds of host keys, those first that are wanted first. */
  keyTypes: readonly string[];
  /** Throws when this key must not be trusted. */
  trust(key: HostKey): void;
  patience: Patience;
  /** The connection that this one goes through; it ends with this one. */
  via?: Link;
}

/** A channel that the host refused; `reason` is a number of RFC 4254, 5.1. */
export interface Refusal extends Error {
  reason: number;
}

export const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && 'reason' in error && typeof error.reason === 'number';

/** One SSH connection, logged in. It never comes back: once lost, it stays lost. */
export class Link implements AsyncDisposable {
  readonly #client: ssh2.Client;
  readonly #host: string;
  readonly #stream: Duplex;
  readonly #via: Link | undefined;
  readonly #streams = new Set<ChannelStream>();
  #lost: BerthError | undefined;
  /** Sessions (programs, SFTP) that are open on it. */
  sessions = 0;
  /** The host has refused one more session. */
  full = false;

  private constructor(client: ssh2.Client, stream: Duplex, host: string, via: Link | undefined) {
    this.#client = client;
    this.#stream = stream;
    this.#host = host;
    this.#via = via;
  }

  /** Why it cannot be used any more. */
  get lost(): BerthError | undefined {
    return this.#lost;
  }

  /** Key exchange, check of the host's key, and login, over a stream that leads to the host. */
  static async over(stream: Duplex, options: LinkOptions): Promise<Link> {
    const {host, hop, keychain, patience} = options;
    const client = new ssh2.Client();
    const link = new Link(client, stream, host, options.via);
    const {promise: ready, resolve, reject} = Promise.withResolvers<undefined>();
    let distrust: Error | undefined;
    let failure: unknown;
    client.on('error', (error) => {
      // A key that cannot sign is not the end: the next one is tried.
      if (error.level !== 'agent') failure ??= error;
    });
    client.once('ready', () => resolve(undefined));
    client.once('close', () => {
      link.#lose(failure ?? new Error('the host has closed the connection'));
      reject(failure ?? new Error('the host has closed the connection'));
    });
    client.connect({
      sock: stream,
      username: hop.user,
      readyTimeout: patience.login,
      keepaliveInterval: ASK_EVERY,
      // The watch below decides: answers may be late behind a long upload, but then other bytes come.
      keepaliveCountMax: Number.POSITIVE_INFINITY,
      algorithms: {serverHostKey: algorithmsFor(options.keyTypes)},
      agent: keychain,
      authHandler: ['agent'],
      hostVerifier: (blob: Buffer): boolean => {
        try {
          options.trust(hostKeyOf(blob));
          return true;
        } catch (error) {
          distrust = error as Error;
          return false;
        }
      },
    });
    watch(client, stream, patience.silence, (error) => (failure ??= error));
    try {
      await ready;
      return link;
    } catch (error) {
      throw distrust ?? (await loginFailure(options, error));
    } finally {
      if (link.#lost || distrust !== undefined) stream.destroy();
    }
  }

  program(command: string): Promise<ClientChannel> {
    return this.#session((done) => this.#client.exec(command, done));
  }

  sftp(): Promise<SFTPWrapper> {
    return this.#session((done) => this.#client.sftp(done));
  }

  unixSocket(path: string): Promise<ChannelStream> {
    return this.#open<ClientChannel>((done) => this.#client.openssh_forwardOutStreamLocal(path, done)).then(
      (channel) => this.stream(channel),
    );
  }

  tcp(address: string, port: number): Promise<ChannelStream> {
    return this.#open<ClientChannel>((done) =>
      this.#client.forwardOut('127.0.0.1', 0, address, port, done),
    ).then((channel) => this.stream(channel));
  }

  /** The channel as a stream that fails when this connection is lost. */
  stream(channel: ClientChannel, options: ChannelStreamOptions = {}): ChannelStream {
    const stream = new ChannelStream(channel, options);
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    if (this.#lost) stream.destroy(this.#lost);
    return stream;
  }

  /**
   * Sends SIGTERM to a program. The library's own way works only while the program's input is open, a rule that
   * neither the protocol nor sshd knows, so this goes below it.
   */
  terminate(channel: ClientChannel): void {
    const {_protocol: protocol} = this.#client as unknown as {
      _protocol: {signal(id: number, name: string): void};
    };
    const {id, state} = channel.outgoing as {id: number; state: string};
    if (!this.#lost && state !== 'closed') protocol.signal(id, 'TERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#lost) {
      const closed = new Promise<void>((resolve) => this.#client.once('close', resolve));
      for (const stream of this.#streams) stream.destroy();
      this.#client.end();
      // A host that is gone answers no farewell.
      const giveUp = setTimeout(() => this.#stream.destroy(), FAREWELL);
      await closed;
      clearTimeout(giveUp);
    }
    await this.#via?.[Symbol.asyncDispose]();
  }

  /** A channel of which the host may allow only a few (MaxSessions of sshd_config). */
  async #session<T extends ClientChannel | SFTPWrapper>(
    open: (done: (error: Error | undefined, channel: T) => void) => void,
  ): Promise<T> {
    this.sessions++;
    const ended = (): void => {
      this.sessions--;
      this.full = false;
    };
    try {
      const channel = await this.#open(open);
      channel.once('close', ended);
      return channel;
    } catch (error) {
      ended();
      throw error;
    }
  }

  async #open<T>(open: (done: (error: Error | undefined, channel: T) => void) => void): Promise<T> {
    if (this.#lost) throw this.#lost;
    const {promise, resolve, reject} = Promise.withResolvers<T>();
    try {
      open((error, channel) => {
        if (error) reject(error);
        else resolve(channel);
      });
    } catch (error) {
      // The library throws when its socket is just going.
      reject(error);
    }
    try {
      return await promise;
    } catch (error) {
      if (isRefusal(error)) throw error;
      throw this.lost ?? connectionLost(this.#host, error);
    }
  }

  #lose(cause: unknown): void {
    this.#lost ??= connectionLost(this.#host, cause);
    for (const stream of this.#streams) stream.destroy(this.#lost);
    void this.#via?.[Symbol.asyncDispose]();
  }
}

/** A TCP connection to the first machine of a route. */
export async function dialTcp(host: string, hop: Hop, patience: Patience): Promise<Duplex> {
  const socket = connectTcp({host: hop.address, port: hop.port, noDelay: true});
  const {promise, resolve, reject} = Promise.withResolvers<undefined>();
  const tooLate = setTimeout(() => {
    reject(new Error(`no answer within ${patience.connect / 1000} s`));
  }, patience.connect);
  socket.once('connect', () => resolve(undefined)).once('error', reject);
  try {
    await promise;
    socket.off('error', reject);
    return socket;
  } catch (error) {
    socket.once('error', () => undefined).destroy();
    throw unreachable(host, hop, error);
  } finally {
    clearTimeout(tooLate);
  }
}

/**
 * Destroys the stream when no byte has come for too long; any byte counts, because under load answers wait in
 * line. Not during the login, when a person may be asked by the agent.
 */
function watch(client: ssh2.Client, stream: Duplex, silence: Duration, tell: (error: Error) => void): void {
  let heard = performance.now();
  let loggingIn = false;
  // After `connect`, so that the library's pause is not undone and nothing is missed.
  stream.on('data', () => (heard = performance.now()));
  client.once('handshake', () => (loggingIn = true));
  client.once('ready', () => (loggingIn = false));
  const timer = setInterval(() => {
    if (loggingIn || performance.now() - heard < silence) return;
    tell(new Error(`nothing heard for ${silence / 1000} s`));
    stream.destroy();
  }, LOOK_EVERY);
  client.once('close', () => clearInterval(timer));
}

/** What a failed login means: only what concerns the way is worth another try. */
async function loginFailure({host, hop, keychain}: LinkOptions, error: unknown): Promise<BerthError> {
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  const refused = level === 'client-authentication' || tooManyKeys(error);
  if (refused) return keychain.problem ?? authenticationRefused(host, hop, await keychain.labels());
  if (level === 'handshake' && !/^(Timed out|Connection lost)/.test((error as Error).message)) {
    return handshakeFailed(host, hop, error);
  }
  return unreachable(host, hop, error);
}

/** sshd hangs up after MaxAuthTries keys; the library puts the reason of the farewell into `code`. RFC 4253, 11.1. */
const tooManyKeys = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 2 || error.code === 14);

const ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** Kinds of host keys that can be checked, best first. */
export const KEY_TYPES = Object.keys(ALGORITHMS);

const algorithmsFor = (types: readonly string[]): ServerHostKeyAlgorithm[] =>
  [...new Set([...types, ...KEY_TYPES])].flatMap((type) => [...(ALGORITHMS[type] ?? [])]);
