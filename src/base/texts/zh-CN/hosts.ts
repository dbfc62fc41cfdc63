import type {hosts as en} from '../en/hosts.ts';

export const hosts: typeof en = {
  agentGone: (p) => `Berth 在 ${p.host} 上的辅助程序没有应答就结束了。`,
  badName: ({name}) => `“${name}”不能用作部署名称：只能包含字母、数字、点和短横线，最长 63 个字符。`,
  containerNotMade: ({image}) => `Docker 没有用 ${image} 创建容器。`,
  deployInProgress: ({owner, since}) => `该部署正在被另一项操作修改：${owner}，开始于 ${since}。`,
  deploymentOfAnother: (p) => `此主机上的部署 "${p.deployment}" 保存在 ${p.folder}，属于另一位用户。`,
  deploymentOfAnotherWhy: () => '使用同一个 Docker 引擎的所有人共用部署名称。',
  diskFull: () => '磁盘已满。',
  dockerForbidden: ({host, user}) => `${user} 无权使用 ${host} 上的 Docker。`,
  dockerForbiddenWhy: () =>
    '用户需要加入 docker 组；对于通过 SSH 连接的机器，能免密使用 sudo 也可以。加入该组后需要重新登录。',
  dockerHostUnusable: ({value}) => `DOCKER_HOST 的值是“${value}”，Berth 无法使用。`,
  dockerHostUnusableWhy: () => '可以使用 unix://、npipe:// 或 tcp://。通过 SSH 连接的机器另有自己的名称。',
  dockerMissing: ({host}) => `${host} 上没有安装 Docker。`,
  dockerNotRunning: ({host}) => `${host} 上的 Docker 没有运行。`,
  ending: () => '该部署正在停止。',
  engineGone: ({name}) => `${name} 未在运行。`,
  engineUnknown: ({name, known}) =>
    `这里没有 ${name}；${known.length > 0 ? `现有引擎：${known.join('、')}` : '当前没有任何引擎'}。`,
  gatewayFailed: () => '网关未能启动。',
  gatewayUnavailable: () => '网关没有响应。',
  nothingDeployed: ({deployment}) => `“${deployment}”从未部署过任何内容。`,
  portTaken: ({port, pid, name}) =>
    `端口 ${port} 已被${name === undefined ? '其他程序' : ` ${name} `}占用${pid === undefined ? '' : `（进程号 ${pid}）`}。`,
  stateNotWritable: ({path}) => `无法写入 ${path}。`,
  supervisorFailed: () => '负责维持部署运行的守护进程未能启动。',
  supervisorGone: () => '负责维持部署运行的守护进程已经退出。',
  supervisorOtherVersion: () => '该部署由另一版本的 Berth 维持运行。',
  supervisorSilent: ({deadline}) => `负责维持部署运行的守护进程在 ${deadline} 内没有响应。`,
  supervisorStarts: () => '守护进程启动',
  supervisorStops: () => '守护进程退出',
  systemSays: ({reason}) => `系统返回 ${reason}。`,
  tenantNotStarted: ({program}) => `${program} 无法启动。`,
  transitionOver: () => '本次变更已经结束，部署已恢复到此前提交的版本。',
  watchUnavailable: () => '测量设备的 watch 程序没有应答。',
  weightsNotOnHost: (p) => `${p.path} 是本机的文件，而 ${p.host} 是另一台机器。`,
};
