import type {card as en} from '../en/card.ts';

export const card: typeof en = {
  fault: {
    'not-installed': {
      what: () => '本机没有 nvidia-smi。',
      why: 'NVIDIA 驱动未安装，或不适用于本系统。',
    },
    'no-devices': {
      what: () => 'NVIDIA 驱动没有找到显卡。',
      why: '驱动在运行，但没有显卡响应：可能未插好、没有供电，或已从总线上掉线。',
    },
    lost: {
      what: () => '显卡已丢失。',
      why: '它在 PCIe 总线上停止响应。常见原因是供电、过热或接触不良；只有重启机器才能恢复。',
    },
    'reset-required': {
      what: () => '显卡必须先重置才能继续工作。',
      why: '驱动遇到了在使用中无法恢复的错误。请先停止使用该显卡的程序。',
    },
    'no-answer': {
      what: () => '显卡不响应它的驱动。',
      why: '驱动知道这张显卡，但无法打开它。内核日志中会有 XID。',
    },
    mismatch: {
      what: () => '驱动已更新，但加载的仍是旧版本。',
      why: '在重启机器或重新加载模块之前，内核模块与用户态库的版本不一致。',
    },
    'no-driver': {
      what: () => 'NVIDIA 驱动没有加载。',
      why: '当前内核缺少驱动模块，或被 Secure Boot 阻止，或被 nouveau 占用。',
    },
    'nvml-unknown': {
      what: () => '从这里无法访问 NVIDIA 驱动。',
      why: '在容器里，这表示容器失去了对显卡的访问（例如 systemd 重新加载之后）；在主机上则是缺少设备文件。',
    },
    'library-missing': {
      what: () => '缺少 NVIDIA 驱动的库（libnvidia-ml）。',
      why: '驱动只安装了一部分。',
    },
    'no-permission': {
      what: () => '当前用户无权使用显卡。',
      why: '设备文件 /dev/nvidia* 不对该用户开放。',
    },
    'power-cable': {
      what: () => '显卡的供电线没有全部插好。',
      why: '没有独立供电的显卡会被驱动拒绝。',
    },
    silent: {
      what: ({detail}) => `nvidia-smi 在 ${detail} 内没有响应。`,
      why: '驱动卡住了；等待它的程序甚至无法被杀死。在它恢复之前没有读数。',
    },
    unreadable: {
      what: ({detail}) => `nvidia-smi 的输出中没有显卡${detail === '' ? '' : `（${detail}）`}。`,
      why: '输出的格式是 Berth 不认识的。',
    },
    'not-this-card': {
      what: ({detail}) => `没有这张显卡：${detail}。`,
      why: '显卡用序号或 UUID 指定，也可以只写 UUID 的开头（至少 8 个字符）。',
    },
  },
  xid: {
    x13: '图形或计算内核出错；多为程序自身的错误',
    x31: '程序访问了不属于它的内存；多为程序自身的错误',
    x32: '命令流损坏；程序错误，或 PCIe 连接不良',
    x43: '程序因自身错误在显卡上被停止',
    x45: '程序的任务被移出显卡：此前有其他错误，或程序被杀死',
    x48: '无法纠正的显存错误（双比特）',
    x61: '显卡内部控制器触发断点',
    x62: '显卡内部控制器已停止',
    x63: '有显存被标记替换；重置后生效',
    x64: '显存无法替换',
    x69: '程序使用了显卡不认识的类；多为程序自身的错误',
    x74: 'NVLink 连接出错',
    x79: '显卡已从总线上掉线',
    x92: '大量已纠正的显存错误',
    x94: '无法纠正但已隔离的显存错误：只影响使用它的程序',
    x95: '无法纠正且未隔离的显存错误：影响显卡上的所有程序',
    x119: '显卡固件（GSP）没有响应',
    x120: '显卡固件（GSP）出错',
    x121: '与 CPU 的连接（C2C）出错，已纠正',
    x140: '未纠正的显存错误',
    x154: '驱动改变了它要求的处理方式',
    other: '请查阅 NVIDIA 的 XID 目录',
  },
  remedy: {
    nothing: '无需处理',
    'restart-program': '重启程序',
    reset: '重置显卡',
    reboot: '重启机器',
  },
  throttle: {
    idle: '空闲',
    'application-clocks': '手动设定的频率',
    'power-cap': '功耗上限',
    'hardware-slowdown': '硬件降频',
    'sync-boost': '与其他显卡同步',
    'thermal-software': '过热（驱动）',
    'thermal-hardware': '过热（硬件）',
    'power-brake': '供电不足',
    'display-clocks': '显示频率',
    unknown: '未知原因',
  },
};
