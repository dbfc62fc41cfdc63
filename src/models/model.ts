import type {Bytes} from '../base/units.ts';

/** One entry of the catalogue. */
export interface Model {
  /** What people type and clients send: `qwen3-4b-instruct-2507`, `nano`. */
  id: string;
  title: string;
  /** SPDX id, or the licence's own name. */
  license: string;
  /** Longest context the model was trained for, in tokens. */
  maxContextTokens: number;
  parameters: number;
  /** Sampling that the model's authors recommend. */
  sampling: {temperature: number; topP: number; topK: number; minP: number};
  variants: readonly Variant[];
  /** Constructed by Berth, not trained: it proves the path, not the answers. Labelled wherever it appears. */
  standIn: boolean;
}

/** One quantisation of a model. */
export interface Variant {
  /** `Q4_K_M`, `F16`. */
  name: string;
  file: WeightsSource;
}

type WeightsSource =
  /** Written by Berth itself. */
  | {from: 'built-in'}
  | {from: 'path'; path: string}
  | {
      from: 'hub';
      fileName: string;
      totalBytes: Bytes;
      /** Hex. Undefined when not known beforehand: then the hub's own claim is verified and recorded. */
      sha256?: string;
      /** In order of preference. */
      places: readonly HubPlace[];
    };

export interface HubPlace {
  hub: 'huggingface' | 'modelscope';
  repository: string;
  revision: string;
  path: string;
}

/** Weights on disk, verified. */
export interface Weights {
  path: string;
  totalBytes: Bytes;
  sha256: string;
}
