/** What the model promises: `objectives` in berth.yaml. One that is left out is not watched. */
export interface ObjectiveSettings {
  /** Milliseconds to the first token, waiting included. */
  ttft?: number;
  /** Milliseconds from one token to the next. */
  tpot?: number;
  /** The share of requests that may end with an error of the server's. */
  errors?: number;
  /** The share of first tokens, and of the tokens after them, that must come within these times. */
  target: number;
  /** So long nobody must have asked for the model to be asked by the watch, in milliseconds; `false`: never. */
  probe: number | false;
}

export const OBJECTIVES = ['ttft', 'tpot', 'errors'] as const;
export type ObjectiveName = (typeof OBJECTIVES)[number];

/** The share that may be bad: what is burned. */
export const budgetOf = (settings: ObjectiveSettings, objective: ObjectiveName): number =>
  // 1 - 0.99 is a little more than 0.01.
  objective === 'errors' ? (settings.errors ?? 0) : Number((1 - settings.target).toPrecision(12));
