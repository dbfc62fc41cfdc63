import type {lease as en} from '../en/lease.ts';

export const lease: typeof en = {
  nameInvalid: ({name}) =>
    `“${name}”不能用作租约名称：只能用小写字母、数字、点、短横线和下划线，最多 39 个字符。`,
  unknown: ({name}) => `这里没有租约“${name}”。`,
  busy: ({owner}) => `有人正在更改此主机的租约：${owner}。`,
  room: '可以许诺',
  term: {
    total: () => '总量',
    free: () => '当前空闲',
    held: () => '该租户已占用',
    reserved: () => '内核或驱动保留',
    model: ({of}) => `部署 ${of} 的模型`,
    programs: () => 'Berth 自身的程序',
    lease: ({of}) => `租约 ${of}`,
    safety: () => '安全余量',
  },
};
