import {bytes} from '../../base/units.ts';
import type {HubFile, Model} from '../model.ts';
import {ggufFile, huggingFace, modelScope, repositoryOf} from './sources.ts';

const GGUF = [
  huggingFace('unsloth/Qwen3-4B-Instruct-2507-GGUF', 'a06e946bb6b655725eafa393f4a9745d460374c9'),
  modelScope('unsloth/Qwen3-4B-Instruct-2507-GGUF', '0b0406b39725d752255ffeb48f102c66f98e14aa'),
];

/** At revision cdbee75f of `Qwen/Qwen3-4B-Instruct-2507`; README and .gitattributes are left where they are. */
const BF16_FILES = [
  ['LICENSE', 11_343, '832dd9e00a68dd83b3c3fb9f5588dad7dcf337a0db50f7d9483f310cd292e92e'],
  ['config.json', 727, '5beea1a4a34c62782bfb2f911c606741a3bab8f92d80a118fa053c28af12e8ba'],
  ['generation_config.json', 238, '835fffe355c9438e7a25be099b3fccaa98350b83451f9fd2d99512e74f1ade48'],
  ['merges.txt', 1_671_839, '599bab54075088774b1733fde865d5bd747cbcc7a547c5bc12610e874e26f5e3'],
  [
    'model-00001-of-00003.safetensors',
    3_957_900_840,
    '75311d91bb08cf0b882913da464a1e722a31fb44db35208663487efb7a3d8ed6',
  ],
  [
    'model-00002-of-00003.safetensors',
    3_987_450_520,
    '0b48adbb1f60e901153d91907ba11ce63bd4b8b584482e730f48808d055dfba1',
  ],
  [
    'model-00003-of-00003.safetensors',
    99_630_640,
    '7dd39ccca5e4de123c74c14af44c9bf2eb75df33b4614382af0134528e060d5d',
  ],
  [
    'model.safetensors.index.json',
    32_819,
    'd6c42883a895dfef5b0080ed2116a1bcd764f558406b98923d675978a1abf29c',
  ],
  ['tokenizer.json', 11_422_654, 'aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4'],
  ['tokenizer_config.json', 9377, 'a62ff0a2472a0fa1b8eaabcb57c59b58afa42a22831dc141400b6e0cf2b65ce3'],
  ['vocab.json', 2_776_833, 'ca10d7e9fb3ed18575dd1e277a2579c16d108e32f27439684afa0e10b1440910'],
] as const;

const bf16Files: readonly HubFile[] = BF16_FILES.map(([path, totalBytes, sha256]) => ({
  path,
  totalBytes: bytes(totalBytes),
  sha256,
}));

const OFFICIAL = 'model card of Qwen/Qwen3-4B-Instruct-2507';
const ARTICLE = 'the article that praises the model';

/** Instruction model without a thinking mode; the one that Berth was built to deploy. */
export const QWEN3_4B: Model = {
  id: 'qwen3-4b-instruct-2507',
  title: 'Qwen3-4B-Instruct-2507',
  license: 'Apache-2.0',
  maxContextTokens: 262_144,
  parameters: 4_022_468_096,
  sampling: {temperature: 0.7, topP: 0.8, topK: 20, minP: 0},
  quality: [
    {measure: 'coding', value: 92, unit: '%', by: 'claimed', source: ARTICLE},
    {measure: 'naturalness', value: 4.7, unit: '/5', by: 'claimed', source: ARTICLE},
    {measure: 'MMLU-Pro', value: 69.6, unit: '%', by: 'official', source: OFFICIAL},
    {
      measure: 'MMLU-Pro, 4-bit weights',
      value: 66.5,
      unit: '%',
      by: 'third-party',
      source: 'public measurement, f16 KV cache',
    },
  ],
  standIn: false,
  variants: [
    ggufFile(
      'Q4_K_M',
      [
        'Qwen3-4B-Instruct-2507-Q4_K_M.gguf',
        2_497_281_120,
        '3605803b982cb64aead44f6c1b2ae36e3acdb41d8e46c8a94c6533bc4c67e597',
      ],
      GGUF,
    ),
    ggufFile(
      'Q5_K_M',
      [
        'Qwen3-4B-Instruct-2507-Q5_K_M.gguf',
        2_889_514_080,
        '5bde5e9d883622acb02bf77fe7dcbc56a8b9a9ad4be78a72ca23a532658b4ecb',
      ],
      GGUF,
    ),
    ggufFile(
      'Q6_K',
      [
        'Qwen3-4B-Instruct-2507-Q6_K.gguf',
        3_306_261_600,
        'cd7b21b38b3e71400587c184b6a9b04d3beb4d13fdae6464d4075dee4f1bc5ad',
      ],
      GGUF,
    ),
    ggufFile(
      'Q8_0',
      [
        'Qwen3-4B-Instruct-2507-Q8_0.gguf',
        4_280_405_600,
        '391c1e410fd9f4cf2de2b510273b56a84c19ce18f4fa3bfb3774031dac4ef068',
      ],
      GGUF,
    ),
    {
      name: 'bf16',
      format: 'safetensors',
      file: {
        from: 'hub',
        files: bf16Files,
        totalBytes: bytes(bf16Files.reduce((sum, {totalBytes = 0}) => sum + totalBytes, 0)),
        places: [
          huggingFace('Qwen/Qwen3-4B-Instruct-2507', 'cdbee75f17c01a7cc42f958dc650907174af0554'),
          modelScope('Qwen/Qwen3-4B-Instruct-2507'),
        ],
      },
    },
    repositoryOf('FP8', {totalBytes: 5_205_900_000, approximate: true}, [
      huggingFace('Qwen/Qwen3-4B-Instruct-2507-FP8', '8591804019c8b22094c3b5b4454e0edc05dffc98'),
      modelScope('Qwen/Qwen3-4B-Instruct-2507-FP8'),
    ]),
    // Nobody official made one; this one is a community's.
    repositoryOf('AWQ-4bit', {totalBytes: 3_300_000_000, approximate: true}, [
      huggingFace('cpatonn/Qwen3-4B-Instruct-2507-AWQ-4bit'),
    ]),
  ],
};
