import {isDeepStrictEqual} from 'node:util';
import {describeError} from '../base/errors.ts';
import {
  Judge,
  probeResult,
  servedByProbe,
  servedInWindow,
  servedOf,
  toldIn,
  type ObjectiveSettings,
  type ObjectivesStatus,
  type Observer,
  type ProbeResult,
  type Sample,
  type Store,
  type WatchEvent,
} from '../monitor/index.ts';
import type {GatewayWindow, Probed} from '../hosts/index.ts';

/** An answer of four tokens that takes longer is none. */
const PROBE_DEADLINE_MS = 15_000;
/** What the longest window needs of the past. */
const REMEMBERED_MS = 3 * 24 * 60 * 60_000;

export interface ObjectivesOptions {
  store: Pick<Store, 'minutes' | 'probes' | 'noteProbe' | 'events'>;
  /** Undefined where nothing was asked for. */
  settings: () => ObjectiveSettings | undefined;
  /** Has the gateway ask the model. Null where that could not be. */
  probe: (deadlineMs: number) => Promise<Probed | null>;
  say: (line: string) => void;
}

/** The objectives in the watch: counts what each second brought, and asks the model itself where nobody else does. */
export class Objectives implements Observer {
  readonly name = 'objectives';
  readonly #options: ObjectivesOptions;
  #judge: Judge | undefined;
  #lastProbe: ProbeResult | undefined;
  /** When somebody asked last, or was asked by the watch. */
  #askedMs = Number.NEGATIVE_INFINITY;
  #probing = false;

  constructor(options: ObjectivesOptions) {
    this.#options = options;
  }

  async observe(sample: Sample, window?: GatewayWindow): Promise<readonly WatchEvent[]> {
    const settings = this.#options.settings();
    if (!settings || !isAsked(settings)) {
      this.#judge = undefined;
      return [];
    }
    const {atMs} = sample;
    if (!isDeepStrictEqual(this.#judge?.settings, settings)) {
      // What the store tells holds this second already.
      this.#judge = await this.#judgeFrom(settings, atMs);
      this.#askedMs = atMs;
    } else if (window) this.#judge?.count(servedInWindow(atMs, window));
    if (window && isBusy(window)) this.#askedMs = atMs;
    if (window) this.#probeIfQuiet(settings, atMs);
    return (this.#judge?.look(atMs) ?? []).map((event) => ({...event, atMs}));
  }

  /** Undefined where nothing was asked for. */
  status(): ObjectivesStatus | undefined {
    const judge = this.#judge;
    if (!judge) return undefined;
    const {probe} = judge.settings;
    const last = this.#lastProbe;
    return {
      objectives: judge.states.map(({objective, limit, budget, severity, windows}) => ({
        objective,
        ...(objective !== 'errors' && {limitMs: limit}),
        budgetRatio: budget,
        severity: severity ?? null,
        windows: [...windows],
      })),
      probe: probe === false ? null : {everyMs: probe, last: last ? toldOf(last) : null},
    };
  }

  /** What the store kept of the past, judged by the objectives of now. */
  async #judgeFrom(settings: ObjectiveSettings, atMs: number): Promise<Judge> {
    const {store} = this.#options;
    const judge = new Judge(settings);
    const sinceMs = atMs - REMEMBERED_MS;
    await store.minutes(sinceMs, atMs + 1, ({at, ok, faults, ttft, tpot}) =>
      judge.count(servedOf(at, {ok, serverError: faults, ttft, tpot})),
    );
    for (const probe of store.probes(sinceMs)) {
      judge.count(servedByProbe(probe));
      this.#lastProbe = probe;
    }
    const told = new Set<string>();
    for (const event of store.events(sinceMs, ['objective-burns', 'objective-fine'])) {
      const objective = String(event.numbers.objective);
      const burning = toldIn(event);
      if (!told.has(objective) && burning) judge.resume(burning, atMs);
      told.add(objective);
    }
    return judge;
  }

  /** Nobody waits for its answer; there is one at a time. */
  #probeIfQuiet({probe}: ObjectiveSettings, atMs: number): void {
    // After a clock that was set back, the time since then is not known: it begins anew.
    if (atMs < this.#askedMs) this.#askedMs = atMs;
    if (probe === false || this.#probing || atMs - this.#askedMs < probe) return;
    this.#askedMs = atMs;
    this.#probing = true;
    void this.#options
      .probe(PROBE_DEADLINE_MS)
      .then((probed) => probed && this.#take(probed, atMs))
      .catch((error: unknown) => this.#options.say(`probe: ${describeError(error)}`))
      .finally(() => {
        this.#probing = false;
      });
  }

  #take(probed: Probed, atMs: number): void {
    const result = probeResult(atMs, probed);
    if (!result) return;
    const {store, say} = this.#options;
    if (probed.outcome === 'failed') say(`probe failed: ${probed.reason}`);
    this.#lastProbe = result;
    store.noteProbe(result);
    this.#judge?.count(servedByProbe(result));
  }
}

const isAsked = ({ttft, tpot, errors}: ObjectiveSettings): boolean =>
  ttft !== undefined || tpot !== undefined || errors !== undefined;

/** Somebody asked in it, or waits. */
const isBusy = ({running, queued, held, requests, tokens}: GatewayWindow): boolean =>
  running + queued + held + tokens + requests.ok + requests.serverError + requests.cancelled > 0;

const toldOf = ({atMs, ok, ttftMs, tpotMs}: ProbeResult) => ({
  atMs,
  outcome: ok ? ('ok' as const) : ('failed' as const),
  ...(ttftMs !== undefined && {ttftMs}),
  ...(tpotMs !== undefined && {tpotMs}),
});
