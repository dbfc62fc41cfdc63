/** The door of engines/: what can serve a model. */
export type {Engine, EngineName, EngineSettings, KnownCause, KvType, LaunchInput} from './engine.ts';
