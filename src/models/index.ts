/** The door of models/: the catalogue, weights on disk, headers and memory estimates. */
export {CATALOGUE, DEFAULT_MODEL, findModel} from './catalogue.ts';
export type {GgufHeader, GgufTensor, GgufValue} from './gguf/header.ts';
export {readGgufHeader} from './gguf/read.ts';
export {USUAL_PATIENCE, type Patience} from './hubs/http.ts';
export {estimateMemory, kvBytesPerToken} from './memory.ts';
export type {HubPlace, MemoryEstimate, MemoryTerm, Model, Variant, Weights, WeightsSource} from './model.ts';
export {
  buildNano,
  NANO_SHA256,
  NANO_SHAPE,
  writeNano,
  writeSynthetic,
  type SyntheticShape,
} from './nano/nano.ts';
export {
  openWeightsStore,
  type EnsureOptions,
  type OnDisk,
  type StoreOptions,
  type WeightsStore,
} from './store/store.ts';
