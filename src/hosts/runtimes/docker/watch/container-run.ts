import {PassThrough} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';
import type Dockerode from 'dockerode';
import {describeError} from '../../../../base/errors.ts';
import type {ProgramExit} from '../../runtime.ts';
import {LineSplitter} from '../../supervisor/logs/lines.ts';
import type {LogFile} from '../../supervisor/logs/log-file.ts';
import type {Run} from '../../supervisor/programs/starter.ts';
import {apiStatus} from '../../../docker/failures.ts';

const KEPT_LINES = 50;
/** Time for the last output to arrive after a container ended. */
const LAST_OUTPUT_MS = 1000;
/** After an answer that was no answer: the engine of Docker may be restarting. */
const ASK_AGAIN_MS = 500;
/** What shells and Docker add to the number of a signal. */
const SIGNALS: Readonly<Record<number, NodeJS.Signals>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  134: 'SIGABRT',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

/** A host that never resolves (RFC 2606): asked of it, an engine that has ended just does not answer. */
const NOWHERE = 'ended.invalid';

/** What a run knows of its container once that runs. */
interface Started {
  pid: number;
  since: Date;
  /** Address on each network, by the network's name. */
  addresses: ReadonlyMap<string, string>;
}

/** One run of a program in a container of its own, which is removed when it has ended. */
export class ContainerRun implements Run {
  readonly container: Dockerode.Container;
  readonly pid: number;
  readonly since: Date;
  readonly exited: Promise<ProgramExit>;
  readonly #started: Started;
  readonly #log: LogFile;
  #lastLines: string[] = [];
  #gone = false;

  private constructor(
    container: Dockerode.Container,
    started: Started,
    output: {stream: NodeJS.ReadableStream; modem: Dockerode['modem']},
    log: LogFile,
  ) {
    this.container = container;
    this.pid = started.pid;
    this.since = started.since;
    this.#started = started;
    this.#log = log;
    this.exited = this.#watch(this.#listen(output));
  }

  /** Starts a container that was created, or takes over one that runs: of that only new output is seen. */
  static async of(docker: Dockerode, container: Dockerode.Container, log: LogFile): Promise<ContainerRun> {
    // Attached before the start, so that the first line is not missed.
    const stream = await container.attach({stream: true, stdout: true, stderr: true});
    const before = await container.inspect();
    if (!before.State.Running) await container.start();
    const {State, NetworkSettings} = before.State.Running ? before : await container.inspect();
    const addresses = Object.entries(NetworkSettings.Networks).map(
      ([name, {IPAddress}]): [string, string] => [name, IPAddress],
    );
    const started = {pid: State.Pid, since: new Date(State.StartedAt), addresses: new Map(addresses)};
    return new ContainerRun(container, started, {stream, modem: docker.modem}, log);
  }

  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Docker takes an address back as soon as a container ends: what ended before it was looked at has none. */
  addressOn(network: string): string {
    const address = this.#started.addresses.get(network) ?? '';
    return address === '' ? NOWHERE : address;
  }

  /** Ids of its processes on the host, its own first. */
  async pids(): Promise<number[]> {
    if (this.#gone) return [];
    try {
      const {Processes} = (await this.container.top({ps_args: '-eo pid'})) as {Processes: string[][]};
      const others = Processes.map(([pid]) => Number(pid)).filter((pid) => pid !== this.pid);
      return [this.pid, ...others];
    } catch {
      // It has just ended, or its host has no `ps`: its own process is known anyway.
      return [this.pid];
    }
  }

  async end(graceMs: number): Promise<void> {
    if (this.#gone) return;
    try {
      await this.container.stop({t: Math.ceil(graceMs / 1000)});
    } catch (error) {
      if (!isOver(error)) throw error;
    }
    await this.exited;
  }

  kill(): void {
    if (this.#gone) return;
    void this.container.kill().catch((error: unknown) => {
      if (!isOver(error)) this.#take([`could not be killed: ${describeError(error)}`]);
    });
  }

  #take(lines: readonly string[]): void {
    this.#log.write(lines);
    this.#lastLines = [...this.#lastLines, ...lines.slice(-KEPT_LINES)].slice(-KEPT_LINES);
  }

  /** Settles when there is no more output. */
  async #listen({stream, modem}: {stream: NodeJS.ReadableStream; modem: Dockerode['modem']}): Promise<void> {
    const {promise, resolve} = Promise.withResolvers<undefined>();
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    for (const part of [stdout, stderr]) {
      const splitter = new LineSplitter();
      part.on('data', (chunk: Buffer) => this.#take(splitter.feed(chunk)));
      part.on('end', () => this.#take(splitter.end()));
    }
    modem.demuxStream(stream, stdout, stderr);
    stream.once('end', resolve).once('close', resolve).once('error', resolve);
    await promise;
    stdout.end();
    stderr.end();
  }

  async #watch(silent: Promise<void>): Promise<ProgramExit> {
    const exit = await this.#untilExit();
    this.#gone = true;
    await Promise.race([silent, delay(LAST_OUTPUT_MS)]);
    if (exit.note !== undefined) this.#take([exit.note]);
    await this.#remove();
    const {code, signal} = exit;
    return {code, signal, at: new Date(), lastLines: this.#lastLines};
  }

  async #untilExit(): Promise<Pick<ProgramExit, 'code' | 'signal'> & {note?: string}> {
    for (;;) {
      try {
        await this.container.wait({condition: 'not-running'});
        const {State} = await this.container.inspect();
        const signal = SIGNALS[State.ExitCode] ?? null;
        return {
          code: signal ? null : State.ExitCode,
          signal,
          ...(State.OOMKilled && {note: 'killed: the container used more memory than it may'}),
          ...(State.Error !== '' && {note: State.Error}),
        };
      } catch (error) {
        if (apiStatus(error) === 404)
          return {code: null, signal: 'SIGKILL', note: 'the container was removed'};
        await delay(ASK_AGAIN_MS);
      }
    }
  }

  async #remove(): Promise<void> {
    try {
      await this.container.remove({v: true, force: true});
    } catch (error) {
      // Gone already, or somebody is removing it; what stays is found by its label at the next start.
      if (!isOver(error)) this.#take([`the container could not be removed: ${describeError(error)}`]);
    }
  }
}

/** It is stopped, gone, or just being removed. */
const isOver = (error: unknown): boolean => [304, 404, 409].includes(apiStatus(error) ?? 0);
