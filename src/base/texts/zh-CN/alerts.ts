import type {alerts as en} from '../en/alerts.ts';

export const alerts: typeof en = {
  headline: ({title}) => `Berth：${title}`,
  again: ({title, count}) => `${title}（此后又有 ${count} 次）`,
  title: {
    interference: ({name}) => `${name} 拖慢了模型`,
    interferenceOver: '模型恢复了自己的速度',
    lowered: ({name}) => `守护已把 ${name} 降级`,
    paused: ({name}) => `守护已暂停 ${name}`,
    stopped: ({name}) => `守护正在停止 ${name}`,
    guardFailed: ({name}) => `守护未能限制 ${name}`,
    guardUndone: ({name}) => `守护已放开 ${name}`,
    leaseBroken: ({name}) => `${name} 占用超出租约`,
    leaseKept: ({name}) => `${name} 重新遵守租约`,
    objectiveBurns: ({name}) => `目标 ${name} 未能达到`,
    objectiveFine: ({name}) => `目标 ${name} 重新达到`,
    xid: ({code}) => `显卡报告故障（XID ${code}）`,
    gpuLost: '显卡丢失',
    deviceSilent: '设备没有回应',
    deviceBack: '设备恢复回应',
    clockMoved: '系统时钟被调整',
    storeRecovered: '历史文件损坏，已重新开始记录',
    test: '测试消息',
  },
  noWebhooks: ({deployment}) =>
    `${deployment} 的监测程序还没有 webhook：请写入 berth.yaml 的 alerts.webhooks，然后部署。`,
  secretMissing: {
    env: ({key, name}) => `${key}：环境变量 ${name} 没有设置。`,
    file: ({key, path, reason}) => `${key}：无法读取 ${path}：${reason}。`,
    address: ({key, from}) => `${key}：${from} 中的内容不是 https 地址（http 只限本机和私有地址）。`,
  },
  sentFrom: ({host}) => `由 ${host} 上的监测程序发出。`,
  head: {webhook: 'WEBHOOK', outcome: '结果', took: '用时', waiting: '等待', state: '状态'},
  delivered: '已送达',
  failed: ({reason}) => `失败：${reason}`,
  works: '没有已知的失败',
  failing: ({count, reason}) => `${count} 条未送达：${reason}`,
  about: ({topics, span}) => `通知范围：${topics}。同一件事在 ${span} 内不重复。`,
  waitingForTest: '等待各 webhook 回应',
  help: {
    test: '向每个 webhook 发送一条测试消息，并说明结果。',
    testMore:
      '消息由该部署的监测程序在其所在机器上发出，因此能看出告警能否从那里送出。所用 webhook 以上一次部署为准。只要有一个没有收下，退出码为 1。',
    testExample: '告警能送到我们这里吗？',
    ls: '列出监测程序会通知的 webhook 及其状况。',
    lsExample: '它们都正常吗？',
  },
};
