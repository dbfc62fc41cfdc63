import {bytes, gib, type Bytes} from '../base/units.ts';

/**
 * Memory that a model needs at least, guessed from the size of its weights before they are there: the
 * weights, 5 % for buffers, and 1 GiB for a short context and the runtime. A plan computes it exactly.
 */
export const roughNeed = (weightsBytes: number): Bytes => bytes(weightsBytes * 1.05 + gib(1));
