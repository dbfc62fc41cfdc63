import {z} from 'zod';
import {BerthError} from '../../base/errors.ts';
import type {ModelShape} from '../shape.ts';

const count = z
  .int()
  .min(1)
  .max(2 ** 24);

/** The part of a Hugging Face `config.json` that memory depends on. */
const configSchema = z.object({
  model_type: z.string(),
  num_hidden_layers: count.max(4096),
  hidden_size: count,
  intermediate_size: count,
  num_attention_heads: count,
  num_key_value_heads: count.optional(),
  head_dim: count.nullish(),
  vocab_size: count,
  tie_word_embeddings: z.boolean().optional(),
  max_position_embeddings: count.optional(),
  sliding_window: count.nullish(),
  use_sliding_window: z.boolean().optional(),
  n_routed_experts: count.nullish(),
  num_local_experts: count.nullish(),
  num_experts: count.nullish(),
  num_experts_per_tok: count.nullish(),
  n_shared_experts: z.int().min(0).nullish(),
  moe_intermediate_size: count.nullish(),
  kv_lora_rank: count.nullish(),
  qk_rope_head_dim: count.nullish(),
});

/** The shape that the `config.json` beside safetensors tells. Throws `header_incomplete` with the field at fault. */
export function shapeOfConfig(config: unknown): ModelShape {
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path ?? [];
    throw incomplete(path.length > 0 ? path.join('.') : 'config.json');
  }
  const {data} = parsed;
  const perHead = data.head_dim ?? data.hidden_size / data.num_attention_heads;
  const experts = data.n_routed_experts ?? data.num_local_experts ?? data.num_experts;
  const window = data.use_sliding_window === false ? undefined : data.sliding_window;
  return {
    architecture: data.model_type,
    layers: data.num_hidden_layers,
    hidden: data.hidden_size,
    feedForward: data.intermediate_size,
    heads: data.num_attention_heads,
    kvHeads: data.num_key_value_heads ?? data.num_attention_heads,
    keyLength: perHead,
    valueLength: perHead,
    vocabulary: data.vocab_size,
    tiedEmbeddings: data.tie_word_embeddings ?? false,
    ...(data.max_position_embeddings !== undefined && {maxContextTokens: data.max_position_embeddings}),
    ...(experts && {
      experts: {
        count: experts,
        used: data.num_experts_per_tok ?? experts,
        shared: data.n_shared_experts ?? 0,
        feedForward: data.moe_intermediate_size ?? data.intermediate_size,
      },
    }),
    ...(data.kv_lora_rank && {latent: {rank: data.kv_lora_rank, ropeLength: data.qk_rope_head_dim ?? 0}}),
    ...(window && {slidingWindow: window}),
  };
}

const incomplete = (field: string): BerthError =>
  new BerthError({
    code: 'header_incomplete',
    what: (t) => t.plan.headerIncomplete({field, value: '-'}),
    try: ['berth models'],
    details: {field},
  });
