/** The door of engines/: what can serve a model. */
export type {Engine, EngineName, EngineSettings, KnownCause, KvType, LaunchInput} from './engine.ts';
export {AVAILABLE_ENGINES, engineFor} from './engine-for.ts';
