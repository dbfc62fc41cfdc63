/** The door of card/: readings of the device that is shared. */
export type {Device, DeviceFacts, ProcessReading, Reading} from './device.ts';
