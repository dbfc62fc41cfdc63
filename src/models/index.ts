/** The door of models/: the catalogue, weights on disk, headers and memory estimates. */
export {CATALOGUE, chooseVariant, DEFAULT_MODEL, findModel} from './catalogue.ts';
export {modelNumber} from './gguf/header.ts';
export type {GgufHeader, GgufValue} from './gguf/header.ts';
export {readGgufHeader} from './gguf/read.ts';
export {describeModel, modelSchema, type ModelListing, type VariantListing} from './listing.ts';
export {estimateMemory, kvBytesPerToken} from './memory.ts';
export type {MemoryEstimate, Model, Variant, Weights} from './model.ts';
export {
  buildNano,
  NANO_BYTES,
  NANO_SHA256,
  NANO_SHAPE,
  writeNano,
  writeSynthetic,
  type SyntheticShape,
} from './nano/nano.ts';
export {saveNano} from './store/save-nano.ts';
export {openWeightsStore, type OnDisk, type WeightsStore} from './store/store.ts';
