import type {GatewayOrder, GatewayReply} from '../../gateway-order.ts';
import type {GatewaySpec} from '../../runtime.ts';
import {SupervisorFailure, type Failure} from '../wire.ts';
import {Child} from './child.ts';
import type {LogFile} from './log-file.ts';
import {Program} from './program.ts';
import type {Surroundings} from './surroundings.ts';

const READY_MS = 20_000;
/** An order is answered at once; a drain takes as long as it was given. */
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

  constructor(spec: GatewaySpec, surroundings: Surroundings, onHealthy: (gateway: GatewayProgram) => void) {
    this.spec = spec;
    this.#surroundings = surroundings;
    this.#log = surroundings.openLog('gateway');
    this.program = new Program({
      name: 'gateway',
      keep: true,
      launch: () => Promise.resolve(this.#launch()),
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
    await program.until(() => program.isHealthy() || program.ends !== ends || !program.child, READY_MS);
    if (program.isHealthy()) return;
    const {state} = program;
    const lastLines = state && state.state !== 'running' ? state.lastExit.lastLines : [];
    const reason = state?.state === 'running' ? `not ready after ${READY_MS} ms` : '';
    throw new SupervisorFailure(
      this.#failure ?? {
        code: 'gateway_failed',
        reason,
        lastLines: program.child?.lastLines ?? lastLines,
      },
    );
  }

  /** Gives an order. Fails with `gateway_unavailable` when no gateway is there to answer it in time. */
  async order(order: GatewayOrder): Promise<GatewayReply> {
    const {child} = this.program;
    if (!child || !this.program.isHealthy()) throw new SupervisorFailure({code: 'gateway_unavailable'});
    const id = this.#nextId++;
    const {promise, resolve} = Promise.withResolvers<GatewayReply | undefined>();
    const limit = ANSWER_MS + (order.order === 'drain' ? order.deadlineMs : 0);
    const timer = setTimeout(() => resolve(undefined), limit);
    this.#pending.set(id, resolve);
    if (!(await child.send({id, order}))) resolve(undefined);
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

  #launch(): {child: Child; healthy: Promise<boolean>} {
    const {promise, resolve} = Promise.withResolvers<boolean>();
    this.#failure = undefined;
    const child = new Child({
      argv: this.spec.argv,
      env: {...this.#surroundings.env, ...this.spec.env},
      cwd: this.#surroundings.cwd,
      log: this.#log,
      onMessage: (message) => {
        const said = message as GatewayMessage;
        if ('ready' in said) {
          this.#url = said.url;
          resolve(true);
        } else if ('failed' in said) {
          this.#failure = this.#failureOf(said.failed, child);
        } else {
          this.#pending.get(said.id)?.(said.reply);
        }
      },
    });
    this.#surroundings.note(child);
    void child.exited.then(() => {
      resolve(false);
      for (const settle of this.#pending.values()) settle(undefined);
    });
    return {child, healthy: promise};
  }

  #failureOf(failed: {code: string; message?: string}, child: Child): Failure {
    return failed.code === 'port_taken'
      ? {code: 'port_taken', url: this.spec.url}
      : {code: 'gateway_failed', reason: failed.message ?? failed.code, lastLines: child.lastLines};
  }
}

/** What a gateway says over IPC: that it listens, why it cannot, or the answer to an order. */
type GatewayMessage =
  {ready: true; url: string} | {failed: {code: string; message?: string}} | {id: number; reply: GatewayReply};
