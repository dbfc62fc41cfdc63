import type {guard as en} from '../en/guard.ts';

export const guard: typeof en = {
  none: '守护尚无策略：运行 `berth deploy` 即会写入，不会中断任何请求。',
  noEvents: ({span}) => `最近 ${span} 内没有事件。`,
  label: {mode: '守护', model: '模型', breach: '超出租约', newcomers: '新程序'},
  mode: {
    off: '已关闭',
    watch: '只观察，不干预',
    act: '会干预',
  },
  against: ({actions, outsiders}) =>
    `${actions}；${outsiders === 'act' ? '也包括外来程序' : '只限有租约的租户'}`,
  action: {lower: '已降级', pause: '已暂停', stop: '已停止'},
  may: {lower: '降级', pause: '暂停', stop: '停止', watch: '只观察'},
  newcomers: {refuse: '模型被拖慢时不给租约', admit: '接纳'},
  nothing: '无',
  fine: '没有程序拖慢它',
  slow: ({span}) => `已被拖慢 ${span}`,
  ratio: ({ratio}) => `每个 token 用时为平时的 ${ratio} 倍`,
  learning: '尚不知道它独占时每个 token 的用时',
  because: {interference: '拖慢模型', breach: '占用超出租约'},
  notDone: ({reason}) => `未能执行：${reason}`,
  held: {tenant: '租户', action: '处置', because: '原因', since: '时长'},
  alone: {streams: '并发流', time: '独占用时', seconds: '已学习'},
  aloneTime: ({ms}) => `每个 token ${ms} 毫秒`,
  aloneSeconds: ({seconds}) => `${seconds} 秒`,
  withPrompts: ({streams}) => `${streams}，同时读取提示词`,
  help: {
    status: '显示守护正在限制谁、为什么、它对模型的了解，以及目标的达成情况。',
    statusExample: '现在有谁被限制？',
    log: '列出守护看到和做过的事、未达成的目标，以及所依据的数字。',
    logExample: '昨夜发生了什么？',
    flagSince: '往回看多久。',
  },
};
