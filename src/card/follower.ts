import type {DeviceFacts, Reading} from './device.ts';
import type {Xid} from './nvidia/xids.ts';

/** Looks at one device of this machine again and again, as cheaply as that can be done. */
export interface Follower extends Disposable {
  facts(): Promise<DeviceFacts>;
  /** The device now, with its processes as they were last looked at. Throws what `Device.read` throws. */
  read(): Promise<Reading>;
  /** Looks at the processes again: at all of them, or only at those that came and went, where that can be told. */
  look(which: 'all' | 'new'): Promise<void>;
  /** When the device said what `read` has told last, monotonic milliseconds; undefined before the first time. */
  readonly seenAt: number | undefined;
  /** When `look` has last ended, monotonic milliseconds; undefined before the first time. */
  readonly lookedAt: number | undefined;
  /** Something has changed that a look would explain. Cheap: to be asked each second. */
  changed(): boolean;
  /** What the driver wrote into the kernel's log since the machine started; undefined while that cannot be known. */
  xids(): Promise<readonly Xid[] | undefined>;
}
