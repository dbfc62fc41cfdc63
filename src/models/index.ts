/** The door of models/: the catalogue, weights on disk, headers and memory estimates. */
export type {HubPlace, MemoryEstimate, MemoryTerm, Model, Variant, Weights, WeightsSource} from './model.ts';
