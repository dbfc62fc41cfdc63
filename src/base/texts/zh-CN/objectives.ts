import type {objectives as en} from '../en/objectives.ts';

export const objectives: typeof en = {
  title: '目标',
  state: '预算',
  kept: '够用',
  page: '消耗过快，请立即查看',
  ticket: '正在超额消耗',
  windows: {5: '5 分钟', 30: '30 分钟', 60: '1 小时', 360: '6 小时', 4320: '3 天'},
  nothing: '-',
  limit: {
    ttft: ({limit}) => `首个 token 不超过 ${limit}`,
    tpot: ({limit}) => `每个 token 不超过 ${limit}`,
    errors: ({share}) => `失败不超过 ${share}`,
  },
  probe: '探测',
  probeOff: '已关闭：有人提问时才会发现故障',
  probeEvery: ({span}) => `${span} 内没有请求时进行`,
  probeLast: {
    ok: ({at, ttft}) => `最近一次 ${at}，首个 token 用时 ${ttft}`,
    failed: ({at}) => `最近一次 ${at}，没有得到回答`,
  },
};
