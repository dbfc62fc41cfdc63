/** A second door of capacity/, for the watch: it has to stay small, and capacity/index.ts brings much more with it. */
export type {GuardEvent} from './events.ts';
export {GuardKeeper, type TargetOf} from './keeper.ts';
export type {Breach, Neighbour, Observation} from './observation.ts';
export type {GuardPolicy} from './policy.ts';
export {guardStatus} from './status.ts';
