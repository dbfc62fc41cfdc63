import {bytes, mib, type Bytes} from '../base/units.ts';

/** Kept back from promises: 2 % of the device, at least 256 MiB, for what the kernel and small programs take. */
export const safetyMargin = (totalBytes: number): Bytes => bytes(Math.max(mib(256), totalBytes * 0.02));
