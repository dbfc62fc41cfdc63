import {describeError} from '../../../../base/errors.ts';
import {minutes} from '../../../../base/units.ts';
import type {Probed} from '../../gateway-order.ts';
import type {ProgramSpec} from '../../runtime.ts';
import type {Told, WatchHears, WatchSays} from '../../watch-channel.ts';
import type {LogFile} from '../logs/log-file.ts';
import {SupervisorFailure} from '../wire.ts';
import {Program, type Launch} from './program.ts';
import type {GatewayRun, Surroundings} from './starter.ts';

/** So often it is told what runs. */
const TELL_MS = 1000;
/** A watch that says nothing for so long hangs: it is ended and started again. */
const SILENT_MS = 10_000;
/** What it does not answer within this time, it does not answer. */
const ANSWER_MS = 4000;
/** After a crash loop it is tried again, because nobody serves worse for it. */
const RETRY_MS = minutes(1);

export interface WatchHooks {
  /** What it is told each second. Never fails. */
  tell: () => Promise<Told>;
  /** What it measures, in Prometheus' text format. */
  onMetrics: (text: string) => void;
  /** Has the gateway ask the model. Never fails; null where that could not be. */
  probe: (deadlineMs: number) => Promise<Probed | null>;
}

/** The watch over all its runs. Nothing that it does, or does not, is of any consequence for what is served. */
export class WatchProgram {
  readonly spec: ProgramSpec;
  readonly program: Program;
  readonly #surroundings: Surroundings;
  readonly #hooks: WatchHooks;
  readonly #log: LogFile;
  readonly #pending = new Map<number, (said: Answered | undefined) => void>();
  #nextId = 1;
  #run: GatewayRun | undefined;
  #retry: NodeJS.Timeout | undefined;
  #turning: Promise<void> = Promise.resolve();

  constructor(spec: ProgramSpec, surroundings: Surroundings, hooks: WatchHooks) {
    this.spec = spec;
    this.#surroundings = surroundings;
    this.#hooks = hooks;
    this.#log = surroundings.openLog('watch');
    this.program = new Program({
      name: 'watch',
      keep: true,
      launch: () => this.#launch(),
      onHealthy: () => undefined,
      onEnded: (again) => {
        if (!again) this.#retry = setTimeout(() => void this.program.start(), RETRY_MS).unref();
      },
      say: surroundings.say,
    });
  }

  /** Asks it. Fails with `watch_unavailable` when there is no answer, or none to such a question. */
  async ask(question: unknown): Promise<unknown> {
    const id = this.#nextId++;
    const {promise, resolve} = Promise.withResolvers<Answered | undefined>();
    const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    this.#pending.set(id, resolve);
    if (!(await this.#send({ask: id, question}))) resolve(undefined);
    const said = await promise;
    clearTimeout(timer);
    this.#pending.delete(id);
    if (said && 'value' in said) return said.value;
    throw new SupervisorFailure({code: 'watch_unavailable', reason: said?.error ?? ''});
  }

  async end(grace: number): Promise<void> {
    clearTimeout(this.#retry);
    await this.program.end(grace);
    this.#log.close();
  }

  async #launch(): Promise<Launch> {
    const {promise, resolve} = Promise.withResolvers<boolean>();
    const {starter, say} = this.#surroundings;
    let kill = (): void => undefined;
    const silence = setTimeout(() => {
      say(`watch said nothing for ${SILENT_MS} ms and is ended`);
      kill();
    }, SILENT_MS).unref();
    const run = await starter.watch(this.spec, this.#log, (message) => {
      silence.refresh();
      const said = message as WatchSays;
      if ('alive' in said) resolve(true);
      else if ('metrics' in said) this.#hooks.onMetrics(said.metrics);
      else if ('probe' in said) void this.#probe(said.probe.deadlineMs);
      else if ('outward' in said) this.#turnOutward(said.outward);
      else this.#pending.get(said.answer)?.(said);
    });
    kill = () => run.kill();
    this.#run = run;
    const over = this.#keepTelling(run);
    void run.exited.then(() => {
      clearTimeout(silence);
      clearInterval(over);
      resolve(false);
      for (const settle of this.#pending.values()) settle(undefined);
    });
    return {run, healthy: promise};
  }

  /** One at a time: the last word holds. */
  #turnOutward(wanted: boolean): void {
    const {starter, say} = this.#surroundings;
    this.#turning = this.#turning
      .then(() => starter.outward(wanted))
      .catch((error: unknown) => say(`the watch may not reach its webhooks: ${describeError(error)}`));
  }

  /** One message at a time: for a watch that does not read, none are heaped up. */
  #keepTelling(run: GatewayRun): NodeJS.Timeout {
    let telling = false;
    return setInterval(() => {
      if (telling) return;
      telling = true;
      void this.#hooks
        .tell()
        .then((told) => run.send({told} satisfies WatchHears))
        .finally(() => {
          telling = false;
        });
    }, TELL_MS).unref();
  }

  async #probe(deadlineMs: number): Promise<void> {
    await this.#send({probed: await this.#hooks.probe(deadlineMs)});
  }

  async #send(message: WatchHears): Promise<boolean> {
    return this.program.isHealthy() && this.#run !== undefined ? await this.#run.send(message) : false;
  }
}

type Answered = Extract<WatchSays, {answer: number}>;
