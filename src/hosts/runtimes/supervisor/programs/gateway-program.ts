import type {GatewayOrder, GatewayReply} from '../../gateway-order.ts';
import type {GatewaySpec} from '../../runtime.ts';
import {SupervisorFailure, type Failure} from '../wire.ts';
import type {LogFile} from '../logs/log-file.ts';
import {Program, type Launch} from './program.ts';
import {AddressTaken, type GatewayRun, type Surroundings} from './starter.ts';

const READY_MS = 20_000;
/** An order is answered at once; a drain and a probe take as long as they were given. */
const ANSWER_MS = 5000;

/** The gateway over all its runs, and the orders to it. */
export class GatewayProgram {
  readonly spec: GatewaySpec;
  readonly program: Program;
  readonly #surroundings: Surroundings;
  readonly #log: LogFile;
  readonly #pending = new Map<number, (reply: GatewayReply | undefined) => void>();
  #nextId = 1;
  #url: string | undefined;
  #failure: Failure | undefined;
  #run: GatewayRun | undefined;

  constructor(spec: GatewaySpec, surroundings: Surroundings, onHealthy: (gateway: GatewayProgram) => void) {
    this.spec = spec;
    this.#surroundings = surroundings;
    this.#log = surroundings.openLog('gateway');
    this.program = new Program({
      name: 'gateway',
      keep: true,
      launch: () => this.#launch(),
      onHealthy: () => onHealthy(this),
      say: surroundings.say,
    });
  }

  /** Where it listens: what it said itself, once it has. */
  get url(): string {
    return this.#url ?? this.spec.url;
  }

  /** Resolves when it listens; fails with the reason when this attempt ends without. */
  async ready(): Promise<void> {
    const {program} = this;
    if (program.isHealthy()) return;
    const ends = program.ends;
    await program.start();
    await program.until(() => program.isHealthy() || program.ends !== ends || !program.current, READY_MS);
    if (program.isHealthy()) return;
    const {state} = program;
    const lastLines = state && state.state !== 'running' ? state.lastExit.lastLines : [];
    const reason = state?.state === 'running' ? `not ready after ${READY_MS} ms` : '';
    throw new SupervisorFailure(
      this.#failure ?? {
        code: 'gateway_failed',
        reason,
        lastLines: program.current?.lastLines ?? lastLines,
      },
    );
  }

  /** Gives an order. Fails with `gateway_unavailable` when no gateway is there to answer it in time. */
  async order(order: GatewayOrder): Promise<GatewayReply> {
    const run = this.#run;
    if (!run || !this.program.isHealthy()) throw new SupervisorFailure({code: 'gateway_unavailable'});
    const id = this.#nextId++;
    const {promise, resolve} = Promise.withResolvers<GatewayReply | undefined>();
    const limit = ANSWER_MS + ('deadlineMs' in order ? order.deadlineMs : 0);
    const timer = setTimeout(() => resolve(undefined), limit);
    this.#pending.set(id, resolve);
    if (!(await run.send({id, order}))) resolve(undefined);
    const reply = await promise;
    clearTimeout(timer);
    this.#pending.delete(id);
    if (!reply) throw new SupervisorFailure({code: 'gateway_unavailable'});
    return reply;
  }

  async end(grace: number): Promise<void> {
    await this.program.end(grace);
    this.#log.close();
  }

  async #launch(): Promise<Launch> {
    const {promise, resolve} = Promise.withResolvers<boolean>();
    this.#failure = undefined;
    let lines = (): readonly string[] => [];
    const run = await this.#start((message) => {
      const said = message as GatewayMessage;
      if ('ready' in said) {
        this.#url = said.url;
        resolve(true);
      } else if ('failed' in said) {
        this.#failure = this.#failureOf(said.failed, lines());
      } else {
        this.#pending.get(said.id)?.(said.reply);
      }
    });
    lines = () => run.lastLines;
    this.#run = run;
    void run.exited.then(() => {
      resolve(false);
      for (const settle of this.#pending.values()) settle(undefined);
    });
    return {run, healthy: promise};
  }

  async #start(hear: (message: unknown) => void): Promise<GatewayRun> {
    try {
      return await this.#surroundings.starter.gateway(this.spec, this.#log, hear);
    } catch (error) {
      if (error instanceof AddressTaken) this.#failure = {code: 'port_taken', url: this.spec.url};
      throw error;
    }
  }

  #failureOf(failed: {code: string; message?: string}, lastLines: readonly string[]): Failure {
    return failed.code === 'port_taken'
      ? {code: 'port_taken', url: this.spec.url}
      : {code: 'gateway_failed', reason: failed.message ?? failed.code, lastLines};
  }
}

/** What a gateway says to its supervisor: that it listens, why it cannot, or the answer to an order. */
type GatewayMessage =
  {ready: true; url: string} | {failed: {code: string; message?: string}} | {id: number; reply: GatewayReply};
