import {BerthError} from '../../base/errors.ts';
import {modelNumber, type GgufHeader, type GgufValue} from '../gguf/header.ts';
import type {ModelShape} from '../shape.ts';

/** Above these a header is hostile or broken, not large. */
const MOST_LAYERS = 4096;
const WIDEST = 2 ** 24;

/** The shape that a GGUF header tells. Throws `header_incomplete` when it does not tell enough, or nonsense. */
export function shapeOfGguf(header: GgufHeader): ModelShape {
  const must = (key: string, most = WIDEST): number => demanded(modelNumber(header, key), key, most);
  const may = (key: string): number | undefined => {
    const value = modelNumber(header, key);
    return value === undefined ? undefined : demanded(value, key, WIDEST);
  };
  const layers = must('block_count', MOST_LAYERS);
  const hidden = must('embedding_length');
  const heads = firstOf(header.metadata.get(`${header.architecture}.attention.head_count`), 'head_count');
  const perHead = hidden / heads;
  const vocabulary = vocabularyOf(header);
  const experts = may('expert_count');
  const context = may('context_length');
  const window = modelNumber(header, 'attention.sliding_window') ?? 0;
  const latent = latentOf(header);
  return {
    architecture: header.architecture,
    layers,
    hidden,
    feedForward: firstOf(
      header.metadata.get(`${header.architecture}.feed_forward_length`) ?? 4 * hidden,
      'feed_forward_length',
    ),
    heads,
    kvHeads: kvHeadsOf(header, heads),
    keyLength: may('attention.key_length') ?? perHead,
    valueLength: may('attention.value_length') ?? perHead,
    vocabulary,
    tiedEmbeddings: !header.tensors.some(({name}) => name === 'output.weight'),
    parameters: header.parameters,
    ...(context !== undefined && {maxContextTokens: context}),
    ...(experts !== undefined && {
      experts: {
        count: experts,
        used: may('expert_used_count') ?? experts,
        shared: modelNumber(header, 'expert_shared_count') ?? 0,
        feedForward: may('expert_feed_forward_length') ?? 4 * hidden,
      },
      activeParameters: activeOf(header, experts, may('expert_used_count') ?? experts),
    }),
    ...(latent && {latent}),
    ...(window > 0 && {slidingWindow: window}),
    ...([...header.metadata.keys()].some((key) => key.startsWith(`${header.architecture}.ssm.`)) && {
      recurrent: true,
    }),
  };
}

function demanded(value: unknown, field: string, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new BerthError({
    code: 'header_incomplete',
    what: (t) => t.plan.headerIncomplete({field, value: value === undefined ? '-' : JSON.stringify(value)}),
    try: ['berth models'],
    details: {field},
  });
}

/** Some architectures give each layer its own number: the largest is what buffers are sized for. */
function firstOf(value: GgufValue | undefined, field: string): number {
  const numbers = Array.isArray(value) ? value.filter((each) => typeof each === 'number') : [];
  return demanded(numbers.length > 0 ? Math.max(...numbers) : value, field, WIDEST);
}

function kvHeadsOf({architecture, metadata}: GgufHeader, heads: number): number | number[] {
  const given = metadata.get(`${architecture}.attention.head_count_kv`);
  if (given === undefined) return heads;
  if (!Array.isArray(given)) return demanded(given, 'head_count_kv', WIDEST);
  // 0 is a layer without attention.
  return given.map((each) => (each === 0 ? 0 : demanded(each, 'head_count_kv', WIDEST)));
}

function vocabularyOf({metadata, tensors}: GgufHeader): number {
  const tokens = metadata.get('tokenizer.ggml.tokens');
  if (typeof tokens === 'object') return tokens.length;
  return tensors.find(({name}) => name === 'token_embd.weight')?.shape[1] ?? 0;
}

/** llama.cpp keeps the latent form only where the file was converted for it. */
function latentOf(header: GgufHeader): ModelShape['latent'] {
  if (modelNumber(header, 'attention.key_length_mla') === undefined) return undefined;
  const rank = modelNumber(header, 'attention.kv_lora_rank');
  const ropeLength = modelNumber(header, 'rope.dimension_count');
  return rank === undefined || ropeLength === undefined ? undefined : {rank, ropeLength};
}

/** All but the share of the experts that a token does not visit. */
function activeOf({tensors, parameters}: GgufHeader, count: number, used: number): number {
  const routed = tensors
    .filter(({name}) => name.includes('_exps.'))
    .reduce((sum, tensor) => sum + tensor.elements, 0);
  return Math.round(parameters - routed * (1 - used / count));
}
