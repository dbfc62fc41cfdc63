import type {Clock} from '../base/clock.ts';
import {ms, seconds, type Duration} from '../base/units.ts';
import {askCompletion, type Completion, type Target} from './ask.ts';
import {within} from './failure.ts';

/** Tokens that the answer of a warm-up may take. */
const ANSWER_TOKENS = 4;
/** The first prompt: long enough to measure reading, short enough for the slowest CPU. */
const FIRST_PROMPT_TOKENS = 64;
const GROWTH = 8;
/** Characters a token before anything is measured: low, so that the first prompt cannot be too long. */
const FIRST_CHARACTERS_PER_TOKEN = 1;
const WORD = 'harbour ';

export interface WarmUpInput {
  target: Target;
  /** The completion that was asked before: where the speed of reading is first known from. */
  probe: Completion;
  contextTokens: number;
  /** Time that all of the warm-up may take. */
  limit: Duration;
  clock: Clock;
  signal: AbortSignal;
}

export interface WarmUpReport {
  /** The longest prompt that was read to its end; 0 when there was time for none. */
  promptTokens: number;
  contextTokens: number;
  /** What ended the warm-up: the context was filled, or the time was up. */
  limitedBy: 'context' | 'time';
}

/**
 * Fills the context as far as the time allows, so that memory reaches its peak now and not under the first
 * long request. The prompt grows from 64 tokens by at most 8x a round; each round's size comes from the
 * characters a token and the tokens a second that the last one showed, and no round is begun that would not
 * end in time. Every round starts with other words, because an engine reuses a prefix that it has read.
 */
export async function warmUp(input: WarmUpInput): Promise<WarmUpReport> {
  const {clock, contextTokens, probe} = input;
  const started = clock.elapsed();
  // 3 % and a little for the estimate, because one token over the context would be refused.
  const fullTokens = Math.floor(contextTokens * 0.97) - ANSWER_TOKENS - 32;
  let charactersPerToken = FIRST_CHARACTERS_PER_TOKEN;
  let tokensPerSecond = probe.promptTokens / (probe.firstTokenMs / 1000);
  let reached = 0;
  const report = (limitedBy: WarmUpReport['limitedBy']): WarmUpReport => ({
    promptTokens: reached,
    contextTokens,
    limitedBy,
  });
  // The estimate is never exact to the token: within 5 % is full.
  for (let round = 1; reached < fullTokens * 0.95; round++) {
    const left = ms(input.limit - (clock.elapsed() - started));
    const affordable = Math.floor((tokensPerSecond * left * 0.8) / 1000);
    const wanted = Math.min(fullTokens, Math.max(FIRST_PROMPT_TOKENS, reached * GROWTH));
    const tokens = Math.min(wanted, affordable);
    // A round that adds little is not worth its time.
    if (tokens < Math.min(wanted, Math.max(FIRST_PROMPT_TOKENS, reached * 1.25))) return report('time');
    const filler = fill(round, tokens * charactersPerToken);
    const answer = await ask(input, filler, left);
    if (!answer) return report('time');
    // The template's own tokens count too: the estimate errs towards too short, and less with each round.
    charactersPerToken = filler.length / answer.promptTokens;
    tokensPerSecond = answer.promptTokens / (Math.max(1, answer.firstTokenMs) / 1000);
    if (answer.promptTokens <= reached) break;
    reached = answer.promptTokens;
  }
  return report('context');
}

const fill = (round: number, characters: number): string =>
  `${round}: ${WORD.repeat(Math.max(1, Math.floor(characters / WORD.length)))}`;

/** The answer, or undefined when the time was up first: hanging up frees the engine's place. */
async function ask(input: WarmUpInput, prompt: string, left: Duration): Promise<Completion | undefined> {
  const {clock, signal, target} = input;
  const timeUp = AbortSignal.timeout(Math.max(1, Math.round(left)));
  try {
    // The outer limit only guards against a socket that ignores the inner one.
    return await within(ms(left + seconds(5)), signal, (any) =>
      askCompletion(target, {
        prompt,
        maxTokens: ANSWER_TOKENS,
        clock,
        signal: AbortSignal.any([any, timeUp]),
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (timeUp.aborted) return undefined;
    throw error;
  }
}
