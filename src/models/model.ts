import type {Bytes} from '../base/units.ts';

/** One entry of the catalogue. */
export interface Model {
  /** What people type and clients send: `qwen3-4b-instruct-2507`, `nano`. */
  id: string;
  title: string;
  /** SPDX id, or the licence's own name. */
  license: string;
  /** Where the terms stand that its hub wants accepted, by the person whose token it is, before it gives the files. */
  termsUrl?: string;
  /** Longest context the model was trained for, in tokens. */
  maxContextTokens: number;
  parameters: number;
  /** Sampling that the model's authors recommend. */
  sampling: Sampling;
  /** How good its answers are, as others have it. Berth measured none of these. */
  quality: readonly QualityFigure[];
  variants: readonly Variant[];
  /** The model of this catalogue to take where this one is too large. */
  smaller?: string;
  /** Constructed by Berth, not trained: it proves the path, not the answers. Labelled wherever it appears. */
  standIn: boolean;
}

export interface Sampling {
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
}

export interface QualityFigure {
  measure: string;
  value: number;
  unit: '%' | '/5';
  /** `claimed` in the article that Berth was built after, `official` by the model's authors, or by a `third-party`. */
  by: 'claimed' | 'official' | 'third-party';
  source: string;
}

/** One quantisation of a model. */
export interface Variant {
  /** `Q4_K_M`, `F16`. */
  name: string;
  format: WeightsFormat;
  file: WeightsSource;
}

/** `gguf`: one file, for the llama.cpp family. `safetensors`: a folder with configuration and tokenizer, for vLLM. */
export type WeightsFormat = 'gguf' | 'safetensors';

export type WeightsSource =
  /** Written by Berth itself. */
  {from: 'built-in'} | {from: 'path'; path: string} | HubSource;

export interface HubSource {
  from: 'hub';
  /** Undefined: what an engine needs of all that the repository holds, as its hub lists it at that revision. */
  files?: readonly HubFile[];
  /** Of all files together; undefined when nobody has said it yet. */
  totalBytes?: Bytes;
  /** The bytes are rounded: published as "3.3 GB". */
  approximate?: boolean;
  /** In order of preference. */
  places: readonly HubPlace[];
}

/** A file that is known before a hub is asked. */
export interface HubFile {
  /** Inside the repository, `/` between folders. */
  path: string;
  totalBytes?: Bytes;
  /** Hex. Undefined when not known beforehand: then the hub's own claim is verified and recorded. */
  sha256?: string;
}

export interface HubPlace {
  hub: 'huggingface' | 'modelscope';
  repository: string;
  /** A commit where one is known; else a branch, and the file's own hash is what pins it. */
  revision: string;
}

/** Weights on disk, verified. */
export interface Weights {
  /** The file; for several files their folder. */
  path: string;
  totalBytes: Bytes;
  /** Of the file; for several files that of the lines that `sha256sum` prints of them, sorted by path. */
  sha256: string;
}
