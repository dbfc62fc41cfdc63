import type {Model} from '../model.ts';
import {ggufFile, huggingFace, modelScope, repositoryOf} from './sources.ts';

const OFFICIAL = 'model card of Meta Llama 3';
const ARTICLE = 'the article, which compares it with Qwen3-4B-Instruct-2507';

export const LLAMA_3_8B: Model = {
  id: 'llama-3-8b-instruct',
  title: 'Meta-Llama-3-8B-Instruct',
  license: 'Llama-3-Community',
  termsUrl: 'https://huggingface.co/meta-llama/Meta-Llama-3-8B-Instruct',
  // Of the original; a comparison over 16K tokens does not apply to it.
  maxContextTokens: 8192,
  parameters: 8_030_261_248,
  sampling: {temperature: 0.6, topP: 0.9, topK: 0, minP: 0},
  quality: [
    {measure: 'coding', value: 85, unit: '%', by: 'claimed', source: ARTICLE},
    {measure: 'naturalness', value: 4.2, unit: '/5', by: 'claimed', source: ARTICLE},
    {measure: 'MMLU (5-shot)', value: 68.4, unit: '%', by: 'official', source: OFFICIAL},
    {measure: 'HumanEval (0-shot)', value: 62.2, unit: '%', by: 'official', source: OFFICIAL},
  ],
  standIn: false,
  variants: [
    // A community's conversion: the licence still holds, but nothing asks for it.
    ggufFile(
      'Q4_K_M',
      [
        'Meta-Llama-3-8B-Instruct.Q4_K_M.gguf',
        4_920_734_272,
        '86c8ea6c8b755687d0b723176fcd0b2411ef80533d23e2a5030f845d13ab2db7',
      ],
      [huggingFace('QuantFactory/Meta-Llama-3-8B-Instruct-GGUF', 'a06c33ec89c1e3402009fb47f466a89127c6d223')],
    ),
    repositoryOf('bf16', {totalBytes: 16_070_000_000, approximate: true}, [
      huggingFace('meta-llama/Meta-Llama-3-8B-Instruct', '5f0b02c75b57c5855da9ae460ce51323ea669d8a'),
      modelScope('LLM-Research/Meta-Llama-3-8B-Instruct'),
    ]),
  ],
};
