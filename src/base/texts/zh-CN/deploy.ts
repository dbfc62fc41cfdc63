import type {deploy as en} from '../en/deploy.ts';

export const deploy: typeof en = {
  unknownRelease: ({number}) => `此部署没有第 ${number} 号版本。`,
  inProgress: ({owner, since}) => `${owner} 自 ${since} 起正在更改此部署，请等其结束后再试。`,
  contextTooLong: ({asked, max, model}) => `上下文 ${asked} 个 token 超出了 ${model} 的上限（${max}）。`,
  doesNotFit: ({model, needed, available, missing, overBudget}) =>
    overBudget
      ? `${model} 需要 ${needed}，而预算为 ${available}：还差 ${missing}。`
      : `${model} 需要 ${needed}，而可用 ${available}：还差 ${missing}。`,
  weightsTooLarge: (p) =>
    `${p.model} ${p.variant} 仅权重就有 ${p.size}，比本设备的 ${p.device} 多 ${p.missing}。`,
  weightsTooLargeSum: (p) =>
    `${p.billions}B 参数即使每个只用 ${p.bits} 位也要 ${p.size}，而设备只有 ${p.device}。`,
  variantNeedsEngine: (p) => `${p.model} ${p.variant} 的格式是 ${p.format}，引擎 ${p.engine} 无法加载。`,
  doesNotFitSum: ({terms, context, sequences, free, present, programs, leases, safety}) =>
    `${terms}，对应 ${sequences} 路 × ${context} 个 token。空闲 ${free} + 当前版本可归还 ${present} - Berth 自身的程序 ${programs} - 已许诺给租约 ${leases} - 安全余量 ${safety}。`,
  portTaken: ({port, address, who}) =>
    `${address} 的端口 ${port} 已被${who === undefined ? '占用' : ` ${who} 占用`}。`,
  cardNotUsed: ({card, engine, runtime}) =>
    `不会用到显卡 ${card}：${engine} 在 ${runtime} 运行时下使用 CPU 计算。`,
  nothingDeployed: ({deployment}) => `本机没有名为“${deployment}”的部署。`,
  nothingToRollBackTo: ({present}) =>
    present === undefined
      ? '尚未部署任何版本，无可回滚。'
      : `第 ${present} 号之前没有成功服务过的版本，无可回滚。`,
  engineFailed: ({release, restarts}) =>
    `第 ${release} 号版本的引擎反复退出（已重启 ${restarts} 次），Berth 已停止重启。`,
  unfinished: (p) => `版本 ${p.release} 已在服务，但部署的收尾工作没有完成。${p.cause}`,
  uncertain: ({release, present, cause}) =>
    present === undefined
      ? `无法确定第 ${release} 号版本是否已上线：连接中断时它正在上线。${cause}`
      : `无法确定正在服务的是第 ${release} 号还是第 ${present} 号版本：连接中断时主机正在切换。${cause}`,
  failed: ({release, present, cause}) =>
    present === undefined
      ? `第 ${release} 号版本未能上线。${cause}`
      : `第 ${release} 号版本未能上线，第 ${present} 号版本继续服务。${cause}`,
  shortOfMemory: ({release, present, asked, free}) => {
    const still = present === undefined ? '' : `，第 ${present} 号版本继续服务`;
    if (asked === undefined)
      return `第 ${release} 号版本未能上线${still}：内存不足，无法以当前上下文长度运行该模型。`;
    const refused = free === undefined ? '，未能获得' : `，而当时只有 ${free} 空闲`;
    return `第 ${release} 号版本未能上线${still}：引擎一次申请 ${asked} 内存${refused}。`;
  },
  fallback: ({model, patience}) =>
    `${patience} 秒内没有任何模型站点响应，因此部署的不是 ${model}，而是内置替身模型“nano”。它只证明流程可用，不代表回答质量。`,

  stepWeights: ({model, variant}) => `获取 ${model} ${variant} 的权重`,
  stepReadDevice: () => '读取设备及其使用者',
  stepStart: ({release, model}) => `启动第 ${release} 号版本（${model}）`,
  stepStartLock: () => '等待轮到在该设备上启动',
  stepQuiet: () => '启动期间邻居的显存占用有变化：等设备平静后重新启动',
  cardQuiet: () => '设备内存不再被占用或释放',
  cardBusy: ({device}) => `另一个部署正在 ${device} 上启动引擎，迟迟没有结束。`,
  stepStartAgain: ({release}) => `重新启动第 ${release} 号版本`,
  stepGate: () => '验证它确实能回答',
  gatePassed: ({firstTokenMs}) => `能够回答：首个 token 用时 ${Math.round(firstTokenMs)} 毫秒`,
  stepSwitch: ({release}) => `将请求切换到第 ${release} 号版本`,
  stepDrain: ({release}) => `等待第 ${release} 号版本的回答结束`,
  drained: ({cut}) => (cut === 0 ? '所有回答均已自然结束' : `有 ${cut} 个回答被中断`),
  stepStopOld: ({release}) => `停止第 ${release} 号版本并等待内存归还`,
  stepStop: ({deployment}) => `停止“${deployment}”`,
  memoryBack: ({bytes}) => `${bytes} 空闲内存`,
  releaseServing: ({release}) => `第 ${release} 号版本开始服务`,

  help: {
    deploy: '在主机上部署模型，并验证它确实能回答。',
    deployMore:
      '自动获取缺少的内容，规划内存，启动新版本，向它发送真实请求，通过后才切换流量。' +
      '任何一步失败，旧版本都会继续服务。重复同样的部署不会产生任何改动。',
    deployExample: '部署 Qwen3-4B-Instruct-2507，或按 berth.yaml 部署',
    deployNano: '部署内置替身模型，无需下载',
    deployPlan: '只说明将要做什么，不做任何改动',
    deployContext: '更长的上下文，更少的并发',
    deployProfile: '在 GPU 上使用 vLLM，适合并发请求较多的场景',
    flagModel: '要部署的模型：目录中的名称，或 GGUF 文件路径。',
    flagVariant: '模型的量化变体。',
    flagEngine: '运行模型的推理引擎（见 docs/engines.md）。',
    flagRuntime: '程序在主机上的运行方式。',
    flagContext: '单个请求可用的 token 数，提示与回答合计。',
    flagConcurrency: '同时处理的请求数。',
    flagKv: 'KV 缓存的元素类型。',
    flagThreads: '引擎使用的 CPU 线程数。',
    flagBudget: '模型峰值可用的内存；Berth 自身的程序另计。',
    flagPort: '网关端口。',
    flagAddress: '网关监听地址。',
    flagUpdate: 'auto：内存足够时新旧并存；swap：任何时候只保留一份。',
    flagDryRun: '只说明将要做什么，不做任何改动。',
    flagFirstRun: '保留已有部署；若无法获得权重，则使用内置替身模型。',
    status: '查看部署了什么、是否在服务。',
    statusExample: '本机的默认部署',
    statusJson: '供程序读取',
    start: '在停止、崩溃或重启之后恢复部署。',
    startExample: '恢复上次服务的版本',
    stop: '有序停止部署；可用 start 恢复。',
    stopExample: '等待正在进行的回答结束，然后释放内存',
    rollback: '重新启用较早的版本。',
    rollbackExample: '当前版本之前最近一个成功服务过的版本',
    rollbackNumber: '第 3 号版本，与当时的记录完全一致',
    argRelease: '版本号。',
    releases: '列出部署的所有版本。',
    releasesExample: '部署过什么、何时部署、结果如何',
  },

  labelUrl: '地址',
  labelKey: '密钥',
  labelModel: '模型',
  labelRelease: '版本',
  labelHealth: '健康',
  labelFirstToken: '首个 token',
  labelMemory: '内存',
  labelHeadroom: '余量',
  labelContext: '上下文',
  labelState: '状态',
  labelRuntime: '运行时',
  labelHost: '主机',
  labelSince: '起始时间',
  labelProcesses: '进程',
  labelRequests: '请求',
  labelLadder: '方式',
  outcome: {
    deployed: ({seconds}) => `部署完成，用时 ${seconds}。`,
    unchanged: '无需改动：相同的部署已在服务。',
    restarted: ({seconds}) => `已恢复服务，用时 ${seconds}。`,
    'rolled-back': ({seconds}) => `回滚完成，用时 ${seconds}。`,
    planned: '以下是部署将要做的事，尚未做任何改动。',
  },
  standIn: '内置替身模型：只证明流程可用，不代表回答质量',
  keyShownOnce: ({key}) => `${key}（仅显示这一次）`,
  healthy: '能够回答',
  memory: ({predicted, measured, budget}) => `实测峰值 ${measured}，预测 ${predicted}，预算 ${budget}`,
  memoryPredicted: ({predicted, budget}) => `预测峰值 ${predicted}，预算 ${budget}`,
  programs: ({used, allowance}) => `Berth 自身的程序 ${used}，上限 ${allowance}`,
  headroom: ({free}) => `目前有 ${free} 可供其他工作使用`,
  context: ({tokens, sequences}) => `每个请求 ${tokens} 个 token，并发 ${sequences}`,
  hold: ({longest}) => `切换期间请求最长等待 ${longest}`,
  ladder: {
    fresh: '此前没有版本在服务',
    'side-by-side': '新旧并存：内存足够容纳两者',
    swap: '替换：旧版本腾出内存期间，请求在网关等待',
  },
  weightsMissing: '权重尚未下载到本机；下载后才能给出完整规划。',
  weightsForeseen: '权重尚未下载到该主机：大小取自目录，由此得出的一切均为预测。',
  wouldRun: {gateway: '网关', engine: '引擎'},
  wouldRunLabels: {
    image: '镜像',
    command: '命令',
    env: '环境变量',
    user: '用户',
    mounts: '挂载',
    gpus: '显卡',
    limits: '上限',
    publish: '端口',
    network: '网络',
    labels: '标签',
  },
  wouldRunLimits: ({memory, shared, processes}) =>
    [
      memory === undefined ? '内存不限' : `内存 ${memory}`,
      ...(shared === undefined ? [] : [`共享内存 ${shared}`]),
      ...(processes === undefined ? [] : [`${processes} 个进程`]),
    ].join('，'),
  tryIt: '试一试：',
  urlOnHost: ({url, host}) => `${url}（仅限 ${host} 本机）`,
  wayHere: ({command}) => `从这台机器访问：${command}`,
  requests: ({running, queued, held}) => `处理中 ${running}，排队 ${queued}，暂候 ${held}`,
  state: {
    serving: '服务中',
    loading: '加载中',
    failed: '失败：引擎反复退出',
    stopped: '已停止',
    dead: '已中断：本应运行却没有运行',
    absent: '尚未部署',
  },
  watchDown: {
    waiting: '测量设备的 watch 程序已退出，正在重启：berth logs watch',
    failed: '测量设备的 watch 程序不断退出：berth logs watch',
  },
  restarts: ({count}) => `引擎已重启 ${count} 次`,
  changing: ({owner}) => `${owner} 正在更改`,
  stopped: ({deployment, start}) => `“${deployment}”已停止，内存已释放。恢复：${start}`,
  stoppedAlready: ({deployment}) => `无需改动：“${deployment}”此前已停止。`,
  release: {
    serving: '服务中',
    served: '曾服务',
    failed: '失败',
    unfinished: '中断',
  },
  columnRelease: '版本',
  columnWhen: '创建时间',
  columnModel: '模型',
  columnState: '状态',
  columnNote: '备注',
};
