import {burnIn, windowsOf, type Burn, type Severity, type WindowBurn} from './burn.ts';
import {burnsEvent, fineEvent, type ObjectiveEvent, type Told} from './events.ts';
import {budgetOf, OBJECTIVES, type ObjectiveName, type ObjectiveSettings} from './settings.ts';
import {Tally, type Count} from './tally.ts';

/** What came of the model's work at one time. */
export interface Served {
  atMs: number;
  /** Requests that ended well, and that the server failed; what a client broke off or got wrong is neither. */
  requests: Count;
  /** Values within a limit in milliseconds, and beyond it: first tokens for ttft, tokens after them for tpot. */
  within: (objective: 'ttft' | 'tpot', limitMs: number) => Count;
}

/** How it stands with one objective. */
export interface ObjectiveState {
  objective: ObjectiveName;
  /** Milliseconds; for errors the share that may fail. */
  limit: number;
  /** The share that may be bad. */
  budget: number;
  /** Undefined while it is kept. */
  severity: Severity | undefined;
  windows: readonly WindowBurn[];
}

interface Watched {
  objective: ObjectiveName;
  limit: number;
  budget: number;
  tally: Tally;
  windows: readonly WindowBurn[];
  /** When it last burned so, in milliseconds since the epoch, and how; the latter is not known of an earlier run. */
  last: Partial<Record<Severity, {atMs: number; burn: Burn | undefined}>>;
  told: Severity | undefined;
}

/** Windows are worked out so often. */
const EVERY_MS = 10_000;
/** So long nothing must burn for it to count as over: a rate at its threshold would be told without end. */
const CALM_MS = 5 * 60_000;

/** Counts what comes, and says when a budget burns and when it no longer does. */
export class Judge {
  readonly settings: ObjectiveSettings;
  readonly #watched: Watched[];
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(settings: ObjectiveSettings) {
    this.settings = settings;
    this.#watched = OBJECTIVES.flatMap((objective): Watched[] => {
      const limit = settings[objective];
      if (limit === undefined) return [];
      const budget = budgetOf(settings, objective);
      return [{objective, limit, budget, tally: new Tally(), windows: [], last: {}, told: undefined}];
    });
  }

  /** What an earlier run told last still holds, until it has been calm for as long as always. */
  resume({objective, limit, severity}: Told, atMs: number): void {
    const one = this.#watched.find((each) => each.objective === objective && each.limit === limit);
    // What was told of another limit says nothing about this one.
    if (!one) return;
    one.told = severity;
    one.last[severity] = {atMs, burn: undefined};
  }

  count({atMs, requests, within}: Served): void {
    for (const {objective, limit, tally} of this.#watched)
      tally.add(atMs, objective === 'errors' ? requests : within(objective, limit));
  }

  /** What is to be told now. Cheap where it was called a moment before. */
  look(atMs: number): ObjectiveEvent[] {
    // A clock that was set back begins anew.
    if (atMs >= this.#lookedMs && atMs - this.#lookedMs < EVERY_MS) return [];
    this.#lookedMs = atMs;
    return this.#watched.flatMap((one) => this.#lookAt(one, atMs));
  }

  /** As it was at the last look. */
  get states(): ObjectiveState[] {
    return this.#watched.map(({objective, limit, budget, told, windows}) => ({
      ...{objective, limit, budget, windows},
      severity: told,
    }));
  }

  #lookAt(one: Watched, atMs: number): ObjectiveEvent[] {
    one.windows = windowsOf(one.tally, atMs, one.budget);
    const burn = burnIn(one.windows);
    if (burn) one.last[burn.severity] = {atMs, burn};
    const severity = severityAt(one.last, atMs);
    if (severity === one.told) return [];
    one.told = severity;
    const {objective, limit, budget, last} = one;
    const shown = severity && last[severity]?.burn;
    return [shown ? burnsEvent({objective, limit, budget}, shown) : fineEvent({objective, limit})];
  }
}

/** The worst of what burned within the last minutes. A clock that was set back leaves nothing for ever. */
function severityAt(last: Watched['last'], atMs: number): Severity | undefined {
  return (['page', 'ticket'] as const).find((severity) => {
    const at = last[severity]?.atMs;
    return at !== undefined && Math.abs(atMs - at) < CALM_MS;
  });
}
