import type {deploy as en} from '../en/deploy.ts';

export const deploy: typeof en = {
  unknownRelease: ({number}) => `此部署没有第 ${number} 号版本。`,
  inProgress: ({owner, since}) => `${owner} 自 ${since} 起正在更改此部署，请等其结束后再试。`,
  contextTooLong: ({asked, max, model}) => `上下文 ${asked} 个 token 超出了 ${model} 的上限（${max}）。`,
  doesNotFit: ({model, needed, available, missing, overBudget}) =>
    overBudget
      ? `${model} 需要 ${needed}，而预算为 ${available}：还差 ${missing}。`
      : `${model} 需要 ${needed}，而可用 ${available}：还差 ${missing}。`,
  doesNotFitSum: ({terms, context, sequences, free, present, safety}) =>
    `${terms}，对应 ${sequences} 路 × ${context} 个 token。空闲 ${free} + 当前版本可归还 ${present} - 安全余量 ${safety}。`,
  portTaken: ({port, address, who}) =>
    `${address} 的端口 ${port} 已被${who === undefined ? '占用' : ` ${who} 占用`}。`,
  unknownVariant: ({model, variant, known}) => `${model} 没有变体 ${variant}，可选：${known}。`,
  nothingDeployed: ({deployment}) => `本机没有名为“${deployment}”的部署。`,
  nothingToRollBackTo: ({present}) =>
    present === undefined
      ? '尚未部署任何版本，无可回滚。'
      : `第 ${present} 号之前没有成功服务过的版本，无可回滚。`,
  engineFailed: ({release, restarts}) =>
    `第 ${release} 号版本的引擎反复退出（已重启 ${restarts} 次），Berth 已停止重启。`,
  failed: ({release, present, cause}) =>
    present === undefined
      ? `第 ${release} 号版本未能上线。${cause}`
      : `第 ${release} 号版本未能上线，第 ${present} 号版本继续服务。${cause}`,
  fallback: ({model, patience}) =>
    `${patience} 秒内没有任何模型站点响应，因此部署的不是 ${model}，而是内置替身模型“nano”。它只证明流程可用，不代表回答质量。`,

  stepWeights: ({model, variant}) => `获取 ${model} ${variant} 的权重`,
  stepReadDevice: () => '读取设备及其使用者',
  stepStart: ({release, model}) => `启动第 ${release} 号版本（${model}）`,
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
};
