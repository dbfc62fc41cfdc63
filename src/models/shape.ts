/** The few numbers of a model's architecture that memory and speed are computed from. */
export interface ModelShape {
  /** As the file itself says it: `qwen3`, `llama`, `deepseek2`. */
  architecture: string;
  layers: number;
  hidden: number;
  /** Of a dense layer. */
  feedForward: number;
  heads: number;
  /** A list where layers differ. */
  kvHeads: number | readonly number[];
  /** Elements of one head's key, and of its value. */
  keyLength: number;
  valueLength: number;
  vocabulary: number;
  /** The output head is the embedding matrix. */
  tiedEmbeddings: boolean;
  /** Longest context it was trained for; undefined when the file does not say. */
  maxContextTokens?: number;
  /** Exact where it was counted or published. */
  parameters?: number;
  /** Parameters that one token goes through, where that is not all of them. */
  activeParameters?: number;
  experts?: {count: number; used: number; shared: number; feedForward: number};
  /** Multi-head latent attention: the cache keeps one vector a token and layer, not one a head. */
  latent?: {rank: number; ropeLength: number};
  /** Tokens that some layers look back at most. */
  slidingWindow?: number;
  /** Some layers keep a fixed state in place of a cache. */
  recurrent?: boolean;
}

/** Elements of KV cache that one token costs, over all layers. Source: heads x (key + value), or the latent vector. */
export function kvElementsPerToken(shape: ModelShape): number {
  if (shape.latent) return shape.layers * (shape.latent.rank + shape.latent.ropeLength);
  return kvHeadsOfAllLayers(shape) * (shape.keyLength + shape.valueLength);
}

const kvHeadsOfAllLayers = ({kvHeads, layers}: ModelShape): number =>
  typeof kvHeads === 'number' ? layers * kvHeads : kvHeads.reduce((sum, each) => sum + each, 0);

/** The most KV heads that any one layer has. */
export const widestKvHeads = ({kvHeads}: ModelShape): number =>
  typeof kvHeads === 'number' ? kvHeads : Math.max(1, ...kvHeads);

/** Parameters of the embedding matrix; an untied head is another of the same size. */
export const embeddingParameters = ({vocabulary, hidden}: ModelShape): number => vocabulary * hidden;
