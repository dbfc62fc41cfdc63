import {readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {describeError} from '../../../base/errors.ts';
import {seconds} from '../../../base/units.ts';
import type {GatewayOrder, GatewayReply, Probed} from '../gateway-order.ts';
import type {EngineSpec, GatewaySpec, ObservedEngine} from '../runtime.ts';
import type {Told} from '../watch-channel.ts';
import type {Committed} from './committed.ts';
import type {DeploymentPaths} from './paths.ts';
import {SupervisorFailure, type Running} from './wire.ts';
import {EngineProgram, engineName} from './programs/engine-program.ts';
import {GatewayProgram} from './programs/gateway-program.ts';
import type {Program} from './programs/program.ts';
import type {Surroundings} from './programs/starter.ts';
import {WatchKeeper} from './watch-keeper.ts';

/** Time a program gets to end by itself before it is killed, in milliseconds. */
export const GRACE_MS = 10_000;
/** Releases whose engine logs are kept. */
const KEPT_ENGINE_LOGS = 10;
/** A start is not held up by the watch: it comes when the engine is ready, or after so long. Milliseconds. */
const WATCH_AFTER_MS = 10_000;
/** How long requests wait for an engine that is started again. */
const RESTART_HOLD = seconds(30);

/** The programs of one deployment, and which engine the gateway sends requests to. */
export class Deployment {
  readonly paths: DeploymentPaths;
  readonly surroundings: Surroundings;
  readonly engines = new Map<string, EngineProgram>();
  committed: Committed | undefined;
  gateway: GatewayProgram | undefined;
  /** Still serves its own address, while a transition has not decided for the new one. */
  formerGateway: GatewayProgram | undefined;
  readonly watch: WatchKeeper;
  readonly #since = new Date();
  #serving: string | undefined;
  #heldUntilMs: number | undefined;

  constructor(paths: DeploymentPaths, surroundings: Surroundings, committed: Committed | undefined) {
    this.paths = paths;
    this.surroundings = surroundings;
    this.committed = committed;
    this.watch = new WatchKeeper(surroundings, {
      tell: () => this.#tellWatch(),
      // The next text follows in a moment.
      onMetrics: (text) => void this.gateway?.order({order: 'metrics', text}).catch(() => undefined),
      probe: (deadlineMs) => this.#probe(deadlineMs),
    });
  }

  /** The engine that new requests go to. */
  get serving(): EngineProgram | undefined {
    return this.#serving === undefined ? undefined : this.engines.get(this.#serving);
  }

  get committedEngine(): EngineProgram | undefined {
    return this.committed && this.engines.get(engineName(this.committed.engine.release));
  }

  /** Starts gateway and engine at the same time; resolves when both are spawned. */
  async startCommitted(): Promise<void> {
    if (!this.committed) return;
    const {engine, gateway} = this.committed;
    this.gateway ??= this.newGateway(gateway);
    const [, {program}] = await Promise.all([this.gateway.program.start(), this.serveCommitted(engine)]);
    void program
      .until(() => program.isHealthy(), WATCH_AFTER_MS)
      .then(() => this.watch.keep(this.committed?.watch));
  }

  /** Makes the committed engine the serving one, starting it if it does not run. */
  async serveCommitted(spec: EngineSpec): Promise<EngineProgram> {
    this.#serving = engineName(spec.release);
    this.#heldUntilMs = undefined;
    const engine = this.committedEngine ?? this.#newEngine(spec, true);
    await engine.program.start();
    if (engine.program.isHealthy()) await this.sendRoute();
    return engine;
  }

  newGateway(spec: GatewaySpec): GatewayProgram {
    return new GatewayProgram(spec, this.surroundings, (gateway) => void this.#tellFresh(gateway));
  }

  /** Starts an engine beside what runs; it is not kept alive. */
  async startCandidate(spec: EngineSpec): Promise<EngineProgram> {
    await this.#pruneLogs(spec.release);
    const engine = this.#newEngine(spec, false);
    await engine.program.start();
    return engine;
  }

  /** Ends an engine and forgets it. */
  async endEngine(engine: EngineProgram, graceMs: number): Promise<void> {
    await engine.end(graceMs);
    if (this.engines.get(engine.name) === engine) this.engines.delete(engine.name);
  }

  /** Sends new requests to this engine, now and after any restart of the gateway. */
  async route(engine: EngineProgram): Promise<void> {
    const {upstream} = engine;
    await this.gateway?.ready();
    await this.order({order: 'route', upstream});
    this.#serving = engine.name;
  }

  /** Gives an order to every gateway of the deployment, and adds their answers up. */
  async order(order: GatewayOrder): Promise<GatewayReply> {
    if (!this.gateway) throw new SupervisorFailure({code: 'gateway_unavailable'});
    if (order.order === 'hold') this.#heldUntilMs = performance.now() + order.limitMs;
    if (order.order === 'route') this.#heldUntilMs = undefined;
    const [reply, former] = await Promise.all([
      this.gateway.order(order),
      order.order === 'stats' ? undefined : this.#orderFormer(order),
    ]);
    if (reply.reply === 'drained' && former?.reply === 'drained') {
      const waitedMs = Math.max(reply.waitedMs, former.waitedMs);
      return {...reply, remaining: reply.remaining + former.remaining, waitedMs};
    }
    return reply;
  }

  /** Brings back what waits or was given up. */
  async revive(): Promise<void> {
    this.watch.revive();
    await Promise.all([
      this.gateway?.ready(),
      ...[...this.engines.values()].map((engine) => engine.program.start()),
    ]);
  }

  /** What runs, or undefined while there is no gateway: then nothing is served. */
  async observe(): Promise<Running | undefined> {
    const {gateway} = this;
    const engines = [...this.engines.values()];
    const [gatewayPids = [], ...enginePids] = await this.#pidsOf(
      [gateway, ...engines].map((of) => of?.program),
    );
    const program = gateway?.program.state;
    if (!gateway || !program) return undefined;
    const {supervisorPid} = this.surroundings;
    const watch = this.watch.state;
    return {
      state: 'running',
      ...(supervisorPid !== undefined && {supervisorPid}),
      since: this.#since,
      gateway: {url: gateway.url, program, pids: gatewayPids},
      engines: engines.flatMap(({name, spec, program: of}, index): ObservedEngine[] => {
        const pids = enginePids[index] ?? [];
        return of.state ? [{name, release: spec.release, model: spec.model, program: of.state, pids}] : [];
      }),
      ...(watch && {watch}),
      ...(this.committed && {committedRelease: this.committed.engine.release}),
    };
  }

  async #pidsOf(programs: readonly (Program | undefined)[]): Promise<number[][]> {
    const runs = programs.map((program) => program?.current);
    const found = await this.surroundings.starter.pidsOf(runs.filter((run) => run !== undefined));
    return runs.map((run) => (run ? (found.shift() ?? []) : []));
  }

  /** Requests still under way at `release` end, or `deadlineMs` passes. A gateway that is gone has none. */
  async drain(release: number, deadlineMs: number): Promise<void> {
    await this.order({order: 'drain', release, deadlineMs}).catch((error: unknown) => {
      this.surroundings.say(`drain of release ${release}: ${describeError(error)}`);
    });
  }

  /** Ends every program. */
  async endAll(graceMs: number): Promise<void> {
    await Promise.all([
      this.watch.end(),
      this.gateway?.end(graceMs),
      this.formerGateway?.end(graceMs),
      ...[...this.engines.values()].map((engine) => this.endEngine(engine, graceMs)),
    ]);
    this.gateway = undefined;
    this.formerGateway = undefined;
  }

  /** Tells the gateways where to go now; one that is restarting is told when it is ready. */
  async sendRoute(): Promise<void> {
    const engine = this.serving;
    if (!engine?.program.isHealthy() || this.#isHeld()) return;
    const {upstream} = engine;
    for (const gateway of [this.gateway, this.formerGateway]) {
      if (gateway?.program.isHealthy()) await this.#tell(gateway, {order: 'route', upstream});
    }
  }

  #newEngine(spec: EngineSpec, keep: boolean): EngineProgram {
    const name = engineName(spec.release);
    if (this.engines.has(name)) throw new Error(`${name} runs already`);
    const engine = new EngineProgram(spec, keep, this.surroundings, {
      onHealthy: () => {
        if (this.serving === engine) void this.sendRoute();
      },
      onEnded: (again) => {
        if (this.serving === engine) void this.#holdWithout(again);
      },
    });
    this.engines.set(name, engine);
    return engine;
  }

  /** What runs now, cheaply: the first process of each program, and what passed the gateway since the last time. */
  async #tellWatch(): Promise<Told> {
    const {gateway, surroundings} = this;
    // A gateway that is just restarting has no figures; the next second it may.
    const reply = await gateway?.order({order: 'window'}).catch(() => undefined);
    const {supervisorPid} = surroundings;
    const gatewayPid = gateway?.program.current?.pid;
    return {
      ...(supervisorPid !== undefined && {supervisorPid}),
      ...(gatewayPid !== undefined && {gatewayPid}),
      engines: [...this.engines.values()].flatMap(({name, spec, program}) => {
        const pid = program.current?.pid;
        if (pid === undefined) return [];
        const {release, model} = spec;
        return [{name, release, model, pid, serving: this.#serving === name}];
      }),
      ...(reply?.reply === 'window' && {window: reply.window}),
    };
  }

  /** Null where there is no gateway just now, or an older one that knows of no probe. */
  async #probe(deadlineMs: number): Promise<Probed | null> {
    const reply = await this.gateway?.order({order: 'probe', deadlineMs}).catch(() => undefined);
    return reply?.reply === 'probed' ? reply.probed : null;
  }

  #isHeld(): boolean {
    return this.#heldUntilMs !== undefined && performance.now() < this.#heldUntilMs;
  }

  /** The engine is gone. New requests wait for its next run, or are refused at once when there will be none. */
  async #holdWithout(again: boolean): Promise<void> {
    if (this.#isHeld()) return;
    const limitMs = again ? RESTART_HOLD : 0;
    if (this.gateway?.program.isHealthy()) await this.#tell(this.gateway, {order: 'hold', limitMs});
  }

  /** A gateway that has just become ready knows nothing yet. */
  async #tellFresh(gateway: GatewayProgram): Promise<void> {
    if (this.#isHeld()) {
      const limitMs = Math.round((this.#heldUntilMs ?? 0) - performance.now());
      await this.#tell(gateway, {order: 'hold', limitMs});
    } else if (this.serving?.program.isHealthy()) {
      await this.#tell(gateway, {order: 'route', upstream: this.serving.upstream});
    }
  }

  async #tell(gateway: GatewayProgram, order: GatewayOrder): Promise<void> {
    try {
      await gateway.order(order);
    } catch (error) {
      // Either end is just restarting: whoever becomes ready last causes this to be sent again.
      this.surroundings.say(`${order.order} was not delivered: ${describeError(error)}`);
    }
  }

  async #orderFormer(order: GatewayOrder): Promise<GatewayReply | undefined> {
    try {
      return await this.formerGateway?.order(order);
    } catch (error) {
      this.surroundings.say(`the former gateway did not answer: ${describeError(error)}`);
      return undefined;
    }
  }

  async #pruneLogs(release: number): Promise<void> {
    for (const name of await readdir(this.paths.logs)) {
      const of = /^engine-(\d+)\.log/.exec(name)?.[1];
      if (of && Number(of) <= release - KEPT_ENGINE_LOGS)
        await rm(join(this.paths.logs, name), {force: true});
    }
  }
}
