/** The door of capacity/: what the device holds, who holds it, and what still fits. */
export {modelProcesses} from './model-processes.ts';
export type {DeploymentView} from './view.ts';
