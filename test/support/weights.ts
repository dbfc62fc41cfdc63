import {writeFile} from 'node:fs/promises';
import {ggufBytes, type MetadataValue} from '../../src/models/gguf/write.ts';

const text = (value: string): MetadataValue => ({type: 'string', value});
const count = (value: number): MetadataValue => ({type: 'uint32', value});

/**
 * A GGUF file that is well formed, so that it can be planned, and lacks most of its tensors, so that no
 * engine can load it: what a wrong conversion of a model looks like.
 */
export async function writeUnloadable(path: string): Promise<void> {
  const plan = {
    metadata: [
      ['general.architecture', text('qwen3')],
      ['general.name', text('unloadable')],
      ['qwen3.block_count', count(2)],
      ['qwen3.context_length', count(4096)],
      ['qwen3.embedding_length', count(64)],
      ['qwen3.feed_forward_length', count(64)],
      ['qwen3.attention.head_count', count(1)],
      ['qwen3.attention.head_count_kv', count(1)],
      ['qwen3.attention.key_length', count(64)],
      ['qwen3.attention.value_length', count(64)],
      ['tokenizer.ggml.model', text('gpt2')],
      ['tokenizer.ggml.tokens', {type: 'strings', value: ['a', 'b']}],
    ] as const,
    tensors: [{name: 'token_embd.weight', type: 'F32' as const, columns: 64, rows: 2, fill: () => undefined}],
  };
  await writeFile(path, Buffer.concat([...ggufBytes(plan)]));
}
