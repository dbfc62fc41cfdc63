import type {base as en} from '../en/base.ts';

export const base: typeof en = {
  deadlinePassed: ({what, deadline}) => `已等待 ${deadline}，仍未等到${what}。`,
  stateFileDamaged: ({path}) => `无法读取 ${path}：文件已损坏，或来自其他版本。`,
};
