/** The door of engines/: what can serve a model. */
export type {
  Engine,
  EngineName,
  EngineSettings,
  ImageName,
  KnownCause,
  KvType,
  LaunchInput,
  Place,
} from './engine.ts';
export {engineFor} from './engine-for.ts';
export {MEMORY_CHANGED, OUT_OF_MEMORY} from './known-causes.ts';
export {readMetrics, type EngineMetrics, type MetricsMap} from './metrics.ts';
export {checkLibrary, type LibraryCheck} from './embedded/check/check-library.ts';
