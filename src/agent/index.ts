/** The door of agent/: what Berth does on a host that has nothing but Docker. */
export {openAgents, type Agents} from './open.ts';
export {runOn} from './remote-device.ts';
