import {bytes, type Bytes} from '../../base/units.ts';

/** What a claim may still grow by. One that is exceeded has no growth left, and its excess is measured. */
export const growthOf = ({bytes: promised, usedBytes}: {bytes: number; usedBytes: number}): Bytes =>
  bytes(Math.max(0, promised - usedBytes));
