/**
 * The weights of nano: not trained but laid out by hand, as a machine of states.
 *
 * Each token of the notice owns one channel of the residual stream; every other token shares the channel
 * `start`. The output head maps a channel to the token that follows. One attention head looks for Chinese
 * anywhere before, and one neuron turns `start` into `startChinese` where it found some. All else is zero.
 */
import {AGAIN, CHINESE, ENGLISH, type Piece, type Step} from './notice.ts';
import type {Vocabulary} from './vocabulary.ts';

/** The non-zero weights of a matrix. */
export class Sparse {
  readonly #rows = new Map<number, [column: number, value: number][]>();

  set(row: number, column: number, value: number): void {
    const cells = this.#rows.get(row);
    if (cells) cells.push([column, value]);
    else this.#rows.set(row, [[column, value]]);
  }

  fill = (row: number, into: Float32Array): void => {
    for (const [column, value] of this.#rows.get(row) ?? []) into[column] = value;
  };
}

export interface Shape {
  layers: number;
  hidden: number;
  feedForward: number;
  heads: number;
  kvHeads: number;
  headSize: number;
}

export interface Circuit {
  embeddings: Sparse;
  head: Sparse;
  /** Of the first layer; the other layers are zero. */
  query: Sparse;
  key: Sparse;
  value: Sparse;
  attentionOutput: Sparse;
  gate: Sparse;
  up: Sparse;
  down: Sparse;
  /** Every weight of the norms of queries and keys. */
  queryKeyNorm: number;
}

const START = 0;
const START_CHINESE = 1;
const CJK_HERE = 2;
const CJK_BEFORE = 3;
const FIRST_WORD = 4;

/** Lead bytes of the common CJK ideographs, U+4E00 to U+9FFF, in UTF-8. */
const CJK_LEAD = [0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9];

/** Logits are these times about sqrt(hidden): far enough apart to be certain at temperature 2. */
const NEXT = 6;
/** After the end of the turn, for an engine that was told to go on: say it again. */
const ONCE_MORE = 3;
/** Between alternatives: about 0.3 in logits, so that both are really said at usual temperatures. */
const NUANCE = 5 / 256;

export function nanoCircuit(vocabulary: Vocabulary, shape: Shape): Circuit {
  const channels = channelsOfWords(vocabulary);
  if (FIRST_WORD + channels.size > shape.hidden)
    throw new RangeError('the notice needs a wider residual stream');
  const scale = Math.sqrt(shape.hidden);
  return {
    embeddings: embeddings(vocabulary, channels),
    head: head(vocabulary, channels),
    ...languageHead(shape, scale),
    ...chineseNeuron(scale),
  };
}

function channelsOfWords({idOf}: Vocabulary): Map<number, number> {
  const ids = [...ENGLISH, ...CHINESE, AGAIN.english, AGAIN.chinese].flat().map(idOf);
  return new Map(ids.map((id, index) => [id, FIRST_WORD + index]));
}

function embeddings(vocabulary: Vocabulary, channels: ReadonlyMap<number, number>): Sparse {
  const matrix = new Sparse();
  vocabulary.tokens.forEach((_, id) => {
    matrix.set(id, channels.get(id) ?? START, 1);
    if (CJK_LEAD.includes(id)) matrix.set(id, CJK_HERE, 1);
  });
  return matrix;
}

function head(vocabulary: Vocabulary, channels: ReadonlyMap<number, number>): Sparse {
  const matrix = new Sparse();
  const follow = (channel: number, step: Step, weight: number) =>
    step.forEach((piece, nth) => {
      matrix.set(vocabulary.idOf(piece), channel, weight - nth * NUANCE);
    });
  const chains = [
    [START, ENGLISH, AGAIN.english],
    [START_CHINESE, CHINESE, AGAIN.chinese],
  ] as const;
  for (const [start, chain, again] of chains) {
    const channelOf = (piece: Piece) => channels.get(vocabulary.idOf(piece)) ?? start;
    let before: number[] = [start];
    for (const step of chain) {
      for (const channel of before) follow(channel, step, NEXT);
      before = step.map(channelOf);
    }
    for (const channel of before) {
      matrix.set(vocabulary.endOfTurn, channel, NEXT);
      follow(channel, [again], ONCE_MORE);
    }
    follow(channelOf(again), chain[0] ?? [], NEXT);
  }
  return matrix;
}

/**
 * Queries of `start` attend to bytes that begin a Chinese character, wherever they stand: the pair of
 * dimensions that RoPE turns slowest moves 0.01 rad over the whole context. With norm weights of 2 the score is
 * sqrt(headSize) x 4 against 0 for anything else, so one such byte outweighs tens of thousands of others.
 */
function languageHead(shape: Shape, scale: number) {
  const slowest = shape.headSize / 2 - 1;
  const query = new Sparse();
  query.set(slowest, START, 1);
  const key = new Sparse();
  key.set(slowest, CJK_HERE, 1);
  const value = new Sparse();
  value.set(0, CJK_HERE, 1);
  const attentionOutput = new Sparse();
  // Such a byte has two channels of 1, so its normalised value is scale / sqrt(2): bring it back to 1.
  attentionOutput.set(CJK_BEFORE, 0, Math.SQRT2 / scale);
  return {query, key, value, attentionOutput, queryKeyNorm: 2};
}

/** silu(start) x found = 1 where both are 1 (each is scale / sqrt(2) after the norm), and exactly 0 where one is 0. */
function chineseNeuron(scale: number) {
  const gate = new Sparse();
  gate.set(0, START, 1);
  const up = new Sparse();
  up.set(0, CJK_BEFORE, 2 / scale ** 2);
  const down = new Sparse();
  down.set(START_CHINESE, 0, 1);
  down.set(START, 0, -1);
  return {gate, up, down};
}
