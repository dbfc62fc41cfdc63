import type {Model} from '../model.ts';

export const NANO: Model = {
  id: 'nano',
  title: 'nano (built-in stand-in)',
  license: 'Apache-2.0',
  maxContextTokens: 32_768,
  parameters: 3_330_304,
  sampling: {temperature: 0.7, topP: 0.8, topK: 20, minP: 0},
  quality: [],
  standIn: true,
  variants: [{name: 'F16', format: 'gguf', file: {from: 'built-in'}}],
};
