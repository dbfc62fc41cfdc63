import type {Sampling} from '../api/requests.ts';

/** One sequence of the model's context: a KV cache of its own, evaluated in one batch with the others. */
export interface Lane {
  /** Tokens whose KV it holds. */
  readonly heldTokens: number;
  /** How many leading tokens of a prompt it holds already. */
  commonPrefix(tokens: readonly number[]): number;
  /** Forgets all but the first `count` tokens. Resolves to how many really remain (not every model can keep a part). */
  keep(tokens: readonly number[], count: number): Promise<number>;
  /** Reads tokens without answering. */
  read(tokens: readonly number[]): Promise<void>;
  /** Reads the last tokens of a prompt, then yields one token at each call, end-of-answer tokens too. */
  generate(tokens: readonly number[], sampling: Sampling): AsyncGenerator<number, void, void>;
}
