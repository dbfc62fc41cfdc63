/** The door of card/: readings of the device that is shared. */
export type {Device, DeviceFacts, ProcessReading, Reading} from './device.ts';
export {ownerOf, type ContainerOwner, type Owner} from './attribution.ts';
export {openCpuDevice, type CpuDeviceOptions} from './cpu/device.ts';
export {memoryGroupOf} from './cpu/proc-text.ts';
export {showCommand} from './cpu/command-line.ts';
export {withDescendants} from './family.ts';
export {findCard, KNOWN_CARDS, type KnownCard} from './known-cards.ts';
export {openNvidiaDevice, type NvidiaDeviceOptions} from './nvidia/device.ts';
export {chooseCard, type CardRow} from './nvidia/cards.ts';
export {examineCards, type Examination} from './nvidia/examine.ts';
export {CARD_FAULTS, cardError, type CardFault, type CardFaultName} from './nvidia/faults.ts';
export {followCards, startLocally, type CardEvent} from './nvidia/follow.ts';
export {THROTTLE_REASONS, type ThrottleReason} from './nvidia/throttle.ts';
export {cudaFits, type CudaVerdict} from './nvidia/versions.ts';
export {isKnownXid, type Xid} from './nvidia/xids.ts';
export {openDevice, type DeviceOptions} from './open.ts';
export {localRun, type Run} from './run.ts';
