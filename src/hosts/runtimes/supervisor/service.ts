import {writeCommitted} from './committed.ts';
import {SupervisorFailure, type CallName, type Calls, type OpenRequest} from './wire.ts';
import {GRACE_MS, type Deployment} from './deployment.ts';
import {OpenTransition} from './transition.ts';

/** A supervisor that serves nothing and is not asked to change anything ends after so long, in milliseconds. */
const IDLE_MS = 15_000;
/** Restoring may need a load of the weights; a newcomer waits no longer than this for it. */
const TURN_MS = 10 * 60_000;

type Handlers = {[Name in CallName]: (input: Calls[Name]['input']) => Promise<Calls[Name]['answer']>};

/** What a client may ask of the supervisor, and the rule that only one transition is open at a time. */
export class Service {
  readonly handlers: Handlers;
  readonly #deployment: Deployment;
  readonly #end: () => void;
  #transition: OpenTransition | undefined;
  #ending = false;

  /** `end` ends the supervisor's process, once answers under way are sent. */
  constructor(deployment: Deployment, end: () => void) {
    this.#deployment = deployment;
    this.#end = end;
    this.handlers = {
      observe: () => this.#observe(),
      start: () => this.#start(),
      stop: ({drainMs}) => this.#stop(drainMs),
      order: ({order}) => deployment.order(order),
      watch: async ({question}) => ({value: await deployment.watch.ask(question)}),
      engine: ({transition, name}) => Promise.resolve(this.#open(transition).engine(name)),
      endpoint: ({transition, name}) => Promise.resolve(this.#open(transition).endpoint(name)),
      startEngine: ({transition, spec}) => this.#open(transition).startEngine(spec),
      stopEngine: async ({transition, name, graceMs}) => {
        await this.#open(transition).stopEngine(name, graceMs);
        return {};
      },
      route: async ({transition, name}) => {
        await this.#open(transition).route(name);
        return {};
      },
      commit: async ({transition, name}) => {
        await this.#open(transition).commit(name);
        return {};
      },
      close: async ({transition}) => ({
        supervisorEnds: await this.#open(transition).close('its owner is done'),
      }),
    };
    setTimeout(() => this.#endIfIdle(), IDLE_MS).unref();
  }

  /** Opens a transition for an owner whose connection is the handle: `gone` aborts when it lets go. */
  async open(request: OpenRequest, gone: AbortSignal): Promise<OpenTransition> {
    await this.#myTurn();
    if (gone.aborted) throw new SupervisorFailure({code: 'transition_over'});
    const transition = new OpenTransition(this.#deployment, request.owner, request.gateway);
    this.#transition = transition;
    gone.addEventListener('abort', () => void transition.close('its owner is gone'), {once: true});
    void transition.over.then((nothingLeft) => {
      this.#transition = undefined;
      if (!nothingLeft) return;
      this.#ending = true;
      this.#end();
    });
    try {
      await transition.open();
    } catch (error) {
      await transition.close('the gateway did not start');
      throw error;
    }
    return transition;
  }

  /** Ends the programs, and leaves what should run as it was remembered: for a machine that shuts down. */
  async leave(): Promise<void> {
    this.#ending = true;
    await this.#deployment.endAll(GRACE_MS);
    this.#end();
  }

  /** While another transition is on its way back, waits; while its owner works, refuses. */
  async #myTurn(): Promise<void> {
    const deadline = performance.now() + TURN_MS;
    for (;;) {
      if (this.#ending) throw new SupervisorFailure({code: 'ending'});
      const other = this.#transition;
      if (!other) return;
      if (!other.closing || performance.now() > deadline) throw inProgress(other);
      await other.over;
    }
  }

  async #observe(): Promise<Calls['observe']['answer']> {
    const running = this.#ending ? undefined : await this.#deployment.observe();
    if (!running) return {};
    const open = this.#transition;
    return {running: {...running, ...(open && {transition: {owner: open.owner, since: open.since}})}};
  }

  async #start(): Promise<Calls['start']['answer']> {
    if (this.#ending) throw new SupervisorFailure({code: 'ending'});
    await this.#deployment.revive();
    return {};
  }

  async #stop(drainMs: number): Promise<Calls['stop']['answer']> {
    await this.#myTurn();
    this.#ending = true;
    const deployment = this.#deployment;
    const {committed, serving} = deployment;
    if (committed) {
      // Written first: whatever happens from here on, nothing starts again by itself.
      deployment.committed = {...committed, stopped: true};
      await writeCommitted(deployment.paths.committed, deployment.committed);
    }
    if (serving && drainMs > 0) {
      await deployment.order({order: 'hold', limitMs: 0}).catch(() => undefined);
      await deployment.drain(serving.spec.release, drainMs);
    }
    await deployment.endAll(GRACE_MS);
    this.#end();
    return {};
  }

  #open(id: string): OpenTransition {
    const open = this.#transition;
    if (open?.id !== id) throw new SupervisorFailure({code: 'transition_over'});
    return open;
  }

  #endIfIdle(): void {
    if (this.#transition || this.#deployment.gateway || this.#ending) return;
    this.#ending = true;
    this.#end();
  }
}

const inProgress = ({owner, since}: OpenTransition): SupervisorFailure =>
  new SupervisorFailure({code: 'deploy_in_progress', owner, since: since.toISOString()});
