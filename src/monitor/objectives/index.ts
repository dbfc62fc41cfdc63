/** The door of objectives/: what the model promises, and how fast the budget for missing it burns. */
export {toldIn} from './events.ts';
export {Judge} from './judge.ts';
export {probeResult, servedByProbe, servedInWindow, servedOf, type ProbeResult} from './served.ts';
export type {ObjectiveSettings} from './settings.ts';
export type {ObjectivesStatus} from './status.ts';
