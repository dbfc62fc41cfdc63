import type {remote as en} from '../en/remote.ts';

export const remote: typeof en = {};
