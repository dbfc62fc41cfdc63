import type {capacity as en} from '../en/capacity.ts';

export const capacity: typeof en = {};
