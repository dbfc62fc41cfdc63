import type {LlamaContextSequence, LlamaModel} from 'node-llama-cpp';
import type {Sampling} from '../api/requests.ts';
import type {Lane} from '../slots/lane.ts';

type Token = ReturnType<LlamaModel['tokenize']>[number];

/** Every number from this program is checked against the vocabulary where it enters. */
const asTokens = (tokens: readonly number[]): Token[] => tokens as Token[];

/** A sequence of node-llama-cpp as a lane. */
export function laneOf(sequence: LlamaContextSequence): Lane {
  return {
    get heldTokens() {
      return sequence.nextTokenIndex;
    },
    commonPrefix: (tokens) => sequence.compareContextTokens(asTokens(tokens)).firstDifferentIndex,
    keep: async (tokens, count) => {
      await sequence.adaptStateToTokens(asTokens(tokens.slice(0, count)), false);
      return sequence.nextTokenIndex;
    },
    read: (tokens) => sequence.evaluateWithoutGeneratingNewTokens(asTokens(tokens)),
    generate: (tokens, sampling) => sequence.evaluate(asTokens(tokens), samplingOptions(sampling)),
  };
}

const samplingOptions = ({temperature, topP, topK, minP, seed}: Sampling) => ({
  temperature,
  topP,
  topK,
  minP,
  // The library's own default is the clock's second: two requests in one second would answer alike.
  seed: seed ?? Math.floor(Math.random() * 2 ** 32),
  yieldEogToken: true,
});
