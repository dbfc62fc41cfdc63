/** A second door of hosts/, for the watch: it has to stay small, and hosts/index.ts brings much more with it. */
export {containersHere, logOfHost} from './ask-docker.ts';
export type {Hold, NeighbourAction, NeighbourTarget} from './neighbour.ts';
export {connectDockerHere, openNeighbours, type Neighbours} from './open.ts';
export type {ProcessIdentity} from '../../local/processes.ts';
