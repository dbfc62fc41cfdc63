import type {cli as en} from '../en/cli.ts';

export const cli: typeof en = {};
