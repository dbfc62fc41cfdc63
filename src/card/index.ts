/** The door of card/: readings of the device that is shared. */
export type {Device, DeviceFacts, ProcessReading, Reading} from './device.ts';
export {openCpuDevice, type CpuDeviceOptions} from './cpu/device.ts';
export {withDescendants} from './family.ts';
