import {randomBytes} from 'node:crypto';
import {isDeepStrictEqual} from 'node:util';
import {describeError, systemCode} from '../../../base/errors.ts';
import type {EngineSpec, GatewaySpec, ProgramSpec, ProgramState} from '../runtime.ts';
import {writeCommitted, type Committed} from './committed.ts';
import {SupervisorFailure} from './wire.ts';
import {GRACE_MS, type Deployment} from './deployment.ts';
import {engineName, type EngineProgram} from './programs/engine-program.ts';

/** How long an abandoned change waits for the committed engine before it lets go; the engine goes on loading. */
const RETURN_MS = 10 * 60_000;
/** Requests of an engine that is no longer wanted may run on for so long. */
const DRAIN_MS = 30_000;
/** A gateway that must give way to one on the same port waits so long for a quiet moment. */
const REPLACE_DRAIN_MS = 5000;
const CANDIDATE_GRACE_MS = 5000;

type GatewayChange = {change: 'none'} | {change: 'beside'} | {change: 'replaced'; former: GatewaySpec};

/**
 * One open change: a dead man's handle. Whatever its owner did before it let go without a commit is
 * undone; after a commit, what is no longer wanted is put away.
 */
export class OpenTransition {
  readonly id = randomBytes(12).toString('base64url');
  readonly owner: string;
  readonly since = new Date();
  /** Settles when all is done: true when nothing is to be served any more. */
  readonly over: Promise<boolean>;
  readonly #deployment: Deployment;
  readonly #wantedGateway: GatewaySpec;
  readonly #wantedWatch: ProgramSpec | undefined;
  readonly #finish: (supervisorEnds: boolean) => void;
  #gatewayChange: GatewayChange = {change: 'none'};
  #queue: Promise<unknown> = Promise.resolve();
  #committed = false;
  #closing = false;

  constructor(deployment: Deployment, owner: string, {watch, ...gateway}: GatewaySpec) {
    this.#deployment = deployment;
    this.owner = owner;
    this.#wantedGateway = gateway;
    this.#wantedWatch = watch;
    const {promise, resolve} = Promise.withResolvers<boolean>();
    this.over = promise;
    this.#finish = resolve;
  }

  /** True once its owner has let go: what remains is the way back. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Makes the wanted gateway answer. */
  open(): Promise<void> {
    return this.#inTurn(async () => {
      const deployment = this.#deployment;
      const former = deployment.gateway;
      if (former && !isDeepStrictEqual(former.spec, this.#wantedGateway)) {
        if (portOf(former.spec) === portOf(this.#wantedGateway)) {
          this.#gatewayChange = {change: 'replaced', former: former.spec};
          const release = deployment.serving?.spec.release;
          if (release !== undefined) await deployment.drain(release, REPLACE_DRAIN_MS);
          await former.end(GRACE_MS);
        } else {
          this.#gatewayChange = {change: 'beside'};
          deployment.formerGateway = former;
        }
        deployment.gateway = deployment.newGateway(this.#wantedGateway);
      }
      deployment.gateway ??= deployment.newGateway(this.#wantedGateway);
      await deployment.gateway.ready();
    });
  }

  startEngine(spec: EngineSpec): Promise<{name: string}> {
    return this.#inTurn(async () => ({name: (await this.#deployment.startCandidate(spec)).name}));
  }

  engine(name: string): ProgramState {
    const {state} = this.#find(name).program;
    if (!state) throw new SupervisorFailure({code: 'engine_gone', name, lastLines: []});
    return state;
  }

  endpoint(name: string): {origin: string; token: string} {
    return this.#find(name).endpoint;
  }

  stopEngine(name: string, graceMs: number): Promise<void> {
    return this.#inTurn(() => this.#deployment.endEngine(this.#find(name), graceMs));
  }

  route(name: string): Promise<void> {
    return this.#inTurn(() => this.#deployment.route(this.#find(name)));
  }

  commit(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const deployment = this.#deployment;
      const engine = this.#find(name);
      if (deployment.serving !== engine) await deployment.route(engine);
      // Fails when it has ended meanwhile: a dead engine is not what a deployment should return to.
      if (!engine.endpoint.origin || !deployment.gateway) throw new Error('unreachable');
      const committed: Committed = {
        engine: engine.spec,
        gateway: deployment.gateway.spec,
        ...(this.#wantedWatch && {watch: this.#wantedWatch}),
        stopped: false,
      };
      await this.#write(committed);
      deployment.committed = committed;
      this.#committed = true;
      engine.program.keepAlive();
      deployment.watch.keep(committed.watch);
      deployment.surroundings.say(`release ${engine.spec.release} is committed`);
    });
  }

  /** Lets go. Never fails: what cannot be undone is logged, and `over` settles. */
  close(why: string): Promise<boolean> {
    if (!this.#closing) {
      this.#closing = true;
      this.#deployment.surroundings.say(`transition of ${this.owner} ends: ${why}`);
      void this.#queue.then(async () => {
        try {
          await (this.#committed ? this.#putAway() : this.#goBack());
        } catch (error) {
          this.#deployment.surroundings.say(`the way back failed: ${describeError(error)}`);
        }
        const {committed} = this.#deployment;
        this.#finish(!committed || committed.stopped);
      });
    }
    return this.over;
  }

  /** After a commit: only the committed engine and its gateway stay. */
  async #putAway(): Promise<void> {
    const deployment = this.#deployment;
    const kept = deployment.committedEngine;
    const unwanted = [...deployment.engines.values()].filter((engine) => engine !== kept);
    const former = deployment.formerGateway;
    if (former && kept) await deployment.drain(kept.spec.release, DRAIN_MS);
    await Promise.all(unwanted.map((engine) => this.#drainAndEnd(engine)));
    await former?.end(GRACE_MS);
    deployment.formerGateway = undefined;
  }

  /** Without a commit: everything is again as it was before. */
  async #goBack(): Promise<void> {
    const deployment = this.#deployment;
    const {committed} = deployment;
    if (!committed || committed.stopped) {
      await deployment.endAll(CANDIDATE_GRACE_MS);
      return;
    }
    await this.#restoreGateway();
    const survivor = deployment.committedEngine;
    const name = engineName(committed.engine.release);
    const candidates = [...deployment.engines.values()].filter((engine) => engine.name !== name);
    if (survivor?.program.isHealthy()) {
      // It never went away: requests turn back first, and those at a candidate may end.
      await deployment.serveCommitted(committed.engine);
      await Promise.all(candidates.map((engine) => this.#drainAndEnd(engine)));
      return;
    }
    // There may be no room for both, so the candidates go before the committed engine comes back.
    await Promise.all(candidates.map((engine) => deployment.endEngine(engine, CANDIDATE_GRACE_MS)));
    const {program} = await deployment.serveCommitted(committed.engine);
    await program.until(() => program.isHealthy() || program.state?.state === 'failed', RETURN_MS);
  }

  async #restoreGateway(): Promise<void> {
    const deployment = this.#deployment;
    const change = this.#gatewayChange;
    switch (change.change) {
      case 'none':
        return;
      case 'beside': {
        const unwanted = deployment.gateway;
        deployment.gateway = deployment.formerGateway;
        deployment.formerGateway = undefined;
        await unwanted?.end(CANDIDATE_GRACE_MS);
        return;
      }
      case 'replaced':
        await deployment.gateway?.end(CANDIDATE_GRACE_MS);
        deployment.gateway = deployment.newGateway(change.former);
        await deployment.gateway.program.start();
        return;
    }
  }

  async #drainAndEnd(engine: EngineProgram): Promise<void> {
    if (engine.program.isHealthy()) await this.#deployment.drain(engine.spec.release, DRAIN_MS);
    await this.#deployment.endEngine(engine, CANDIDATE_GRACE_MS);
  }

  async #write(committed: Committed): Promise<void> {
    const {committed: path} = this.#deployment.paths;
    try {
      await writeCommitted(path, committed);
    } catch (error) {
      const reason = systemCode(error);
      throw reason ? new SupervisorFailure({code: 'state_not_writable', path, reason}) : error;
    }
  }

  #find(name: string): EngineProgram {
    const {engines} = this.#deployment;
    const engine = engines.get(name);
    if (!engine) throw new SupervisorFailure({code: 'engine_unknown', name, known: [...engines.keys()]});
    return engine;
  }

  /** One change at a time; none begins once the owner has let go. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => {
      if (this.#closing) throw new SupervisorFailure({code: 'transition_over'});
      return change();
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

const portOf = (spec: GatewaySpec): string => new URL(spec.url).port;
