/** The door of models/: the catalogue, weights on disk, headers and memory estimates. */
export {allModels, CATALOGUE, chooseVariant, DEFAULT_MODEL, findModel} from './catalogue.ts';
export type {Doubt, MemoryEstimate, MemoryTerm} from './estimate/estimate.ts';
export {
  computeBytes,
  estimateLlamaCpp,
  kvBytesPerToken,
  type LlamaCppPlace,
  type LlamaCppSettings,
} from './estimate/llama-cpp.ts';
export {predictSpeed, type PredictedSpeed} from './estimate/speed.ts';
export {
  estimateVllm,
  vllmKvBytesPerToken,
  vllmWeightBytes,
  type VllmKvType,
  type VllmWeights,
} from './estimate/vllm.ts';
export {weightsOfFile, weightsOfGguf, type WeightsFacts} from './estimate/weights.ts';
export type {GgufHeader, GgufValue} from './gguf/header.ts';
export {readGgufHeader} from './gguf/read.ts';
export {describeHeader, headerSchema, type HeaderListing, type VariantHeader} from './header/describe.ts';
export {describeModel, modelSchema, type ModelListing, type VariantListing} from './listing.ts';
export type {HubPlace, Model, Variant, Weights} from './model.ts';
export {ownModels, type OwnModel} from './own.ts';
export {
  buildNano,
  NANO_BYTES,
  NANO_SHA256,
  NANO_SHAPE,
  writeNano,
  writeSynthetic,
  type SyntheticShape,
} from './nano/nano.ts';
export {findPlannable, type AnswerQuality, type GgufVariant, type Plannable} from './plannable.ts';
export type {ModelShape} from './shape.ts';
export {KNOWN_SHAPES} from './shapes/known.ts';
export {shapeOfConfig} from './shapes/of-config.ts';
export {shapeOfGguf} from './shapes/of-gguf.ts';
export {saveNano} from './store/save-nano.ts';
export {weightsPath as whereWeightsLie} from './store/where.ts';
export type {Imported} from './store/import.ts';
export type {WeightsMeasure} from './store/measure.ts';
export {openWeightsStore, type OnDisk, type HostWeights, type WeightsStore} from './store/store.ts';
export {hubAddresses} from './hubs/open.ts';
