import type {Model} from '../model.ts';
import {ggufFile, huggingFace, modelScope, repositoryOf} from './sources.ts';

const ARTICLE = 'the article, which compares it (quantised) with Qwen3-4B-Instruct-2507';
const OFFICIAL = 'README of deepseek-ai/DeepSeek-V2';
/** Their generation_config.json. */
const SAMPLING = {temperature: 0.3, topP: 0.95, topK: 0, minP: 0};

/** 15.7 billion parameters, 2.4 billion of them at work for a token. */
export const DEEPSEEK_V2_LITE: Model = {
  id: 'deepseek-v2-lite-chat',
  title: 'DeepSeek-V2-Lite-Chat',
  license: 'DeepSeek-Model-License',
  maxContextTokens: 32_768,
  parameters: 15_700_000_000,
  sampling: SAMPLING,
  quality: [
    {measure: 'MMLU', value: 55.7, unit: '%', by: 'official', source: OFFICIAL},
    {measure: 'HumanEval', value: 57.3, unit: '%', by: 'official', source: OFFICIAL},
  ],
  standIn: false,
  variants: [
    ggufFile(
      'Q4_K_M',
      ['DeepSeek-V2-Lite-Chat.Q4_K_M.gguf', 10_364_416_768],
      [huggingFace('mradermacher/DeepSeek-V2-Lite-Chat-GGUF')],
    ),
    repositoryOf('bf16', {totalBytes: 31_420_000_000, approximate: true}, [
      huggingFace('deepseek-ai/DeepSeek-V2-Lite-Chat', '85864749cd611b4353ce1decdb286193298f64c7'),
      modelScope('deepseek-ai/DeepSeek-V2-Lite-Chat'),
    ]),
  ],
};

/**
 * 236 billion parameters: in the catalogue because the article compares with it. Even at two bits a weight
 * (about 86 GB) it is more than three times a 24 GB card.
 */
export const DEEPSEEK_V2: Model = {
  id: 'deepseek-v2-chat',
  title: 'DeepSeek-V2-Chat',
  license: 'DeepSeek-Model-License',
  maxContextTokens: 131_072,
  parameters: 236_000_000_000,
  sampling: SAMPLING,
  quality: [
    {measure: 'coding', value: 88, unit: '%', by: 'claimed', source: ARTICLE},
    {measure: 'naturalness', value: 4.5, unit: '/5', by: 'claimed', source: ARTICLE},
    {measure: 'MMLU', value: 77.8, unit: '%', by: 'official', source: OFFICIAL},
    {measure: 'HumanEval', value: 81.1, unit: '%', by: 'official', source: OFFICIAL},
  ],
  smaller: DEEPSEEK_V2_LITE.id,
  standIn: false,
  variants: [
    repositoryOf('bf16', {totalBytes: 472_000_000_000, approximate: true}, [
      huggingFace('deepseek-ai/DeepSeek-V2-Chat'),
      modelScope('deepseek-ai/DeepSeek-V2-Chat'),
    ]),
  ],
};
