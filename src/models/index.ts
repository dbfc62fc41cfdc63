/** The door of models/: the catalogue, weights on disk, headers and memory estimates. */
export {buildNano, NANO_SHAPE, writeNano, writeSynthetic, type SyntheticShape} from './nano/nano.ts';
export type {HubPlace, MemoryEstimate, MemoryTerm, Model, Variant, Weights, WeightsSource} from './model.ts';
