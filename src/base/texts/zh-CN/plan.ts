import type {plan as en} from '../en/plan.ts';

export const plan: typeof en = {
  headerIncomplete: (p) => `模型文件头没有说明其结构：${p.field} 为 ${p.value}。`,
  noSuchWay: (p) => `${p.model} 不能在此设备上以“${p.asked}”方式运行。可用的方式：${p.known}。`,
  noGguf: (p) => `${p.model}（${p.from}）是 safetensors：目前只有目录中的模型可以据此计算。`,
  doesNotFit: (p) =>
    `${p.model}（${p.way}）需要 ${p.device} 的 ${p.needed}，可用 ${p.available}，还差 ${p.missing}。`,
  nothingLeft: (p) =>
    `要为他人保留 ${p.leave}，而 ${p.device} 空闲 ${p.free}：没有剩余给需要 ${p.needed} 的 ${p.model}。`,
  budgetBelowWeights: (p) =>
    `${p.model}（${p.way}）仅权重就占 ${p.weights}，而预算只有 ${p.budget}，还差 ${p.missing}。`,
  sum: (p) => `${p.sum} = ${p.needed}，对应 ${p.sequences} x ${p.context} 个 token。`,
  hopeless: (p) =>
    `无论上下文多短，${p.model} 的任何变体都放不进 ${p.device}。请换更小的模型，或使用别处兼容 OpenAI API 的服务。`,

  help: {
    summary: '在加载之前，逐项说明模型会占用多少内存。',
    description:
      '权重、KV 缓存、计算缓冲和运行时，每项都注明来源；在现有租户旁还能放下什么；由显卡上限推算的速度（标为预测）。' +
      '与部署使用同一套计算。不会改动任何东西。',
    exampleCard: '为还没有的显卡做计划',
    exampleHere: '为本机做计划，与正在运行的程序共存',
    exampleLeave: '为邻居保留空间',
    exampleLong: '计算最长上下文的代价',
    argModel: '`berth models` 中的模型，或 GGUF 文件的路径',
    flagCard:
      '不在手边的显卡：4090d、4090、3090、5090、a100-80gb 或 h100-80gb；或主机的设备：cpu，或显卡的序号或 UUID。',
    flagProfile: '在 GPU 上最看重什么：留给他人的空间、吞吐量或质量。',
    flagKv: 'KV 缓存的元素类型；bf16 和 fp8 用于 vLLM。',
    flagLeave: '为他人保留的内存。',
  },

  labelModel: '模型',
  labelDevice: '设备',
  labelRoom: '可用',
  labelWay: '方案',
  labelNeeds: '需要',
  labelLeft: '剩余',
  labelLargest: '最多',
  labelQuality: '质量',
  labelError: '历来误差',
  planned: '按厂商参数',
  room: (p) =>
    `${p.available} = 空闲 ${p.free} + 现有版本 ${p.present} - Berth 自身程序 ${p.programs} - 已许诺给租约 ${p.leases} - 安全余量 ${p.safety} - 留给他人 ${p.leave}`,
  roomBudget: (p) => `${p.available}：预算`,
  settings: (p) => `${p.sequences} x ${p.context.toLocaleString('en')} 个 token`,
  needs: (p) => `预测 ${p.needed}，预算 ${p.budget}`,
  left: (p) => `${p.left} 可用于其他工作`,
  largest: (p) =>
    `${p.sequences} 路并发时 ${p.context.toLocaleString('en')} 个 token，或 ${p.atContext.toLocaleString('en')} 个 token 时 ${p.concurrency} 路并发`,
  quality: (p) => `${p.measure} ${p.percent} %（${p.source}；并非 Berth 测得）`,
  qualityUnknown: '此变体没有已知数据',
  lowConfidence: '可信度较低：',
  doubts: {
    architecture: '此架构仅凭文件头计算',
    'sliding-window': '使用滑动窗口：缓存为上限值',
    recurrent: '部分层使用固定状态：缓存为上限值',
  },
  warnings: {
    'kv-below-8-bits': '低于 8 位的 KV 会丢失答案：请先自行做大海捞针或困惑度检验',
    'kv-8-bits': '8 位 KV 在长文档上质量略有下降',
  },
  terms: {
    weights: '权重',
    'kv-cache': 'KV 缓存',
    compute: '计算缓冲',
    'cuda-graphs': 'CUDA 图',
    runtime: '运行时',
  },
  headTerm: '项目',
  headSize: '大小',
  headSource: '来源',
  headWorkload: '负载',
  headClaimed: '宣称',
  headPredicted: '预测',
  headClaimedMemory: '宣称内存',
  headPredictedMemory: '预测内存',
  headFirstToken: '首个 TOKEN',
  workloads: {qa: '问答', summary: '长文档', code: '代码'},
  predictedNote: '由显卡上限推算单个请求所得，并非实测。',
  fullContext: (p) =>
    `占满 ${p.tokens.toLocaleString('en')} 个 token 的提示：${p.firstToken} 后出首个 token，之后每个 ${p.perToken}。`,
  headAlternative: '其他方案',
  headNeeds: '需要',
  headFits: '放得下',
  headLargest: '最长上下文',
  headSummary: '长文档',
  fits: {yes: '是', no: '否'},
  tenants: '租户',
  used: '占用',
  error: (p) =>
    `这台主机的 ${p.device.toUpperCase()} 上 ${p.releases} 个版本：平均 ${p.mean}，最大 ${p.worst}（预测 - 实测）`,
  errorNone: ({device}) => `这台主机的 ${device.toUpperCase()} 上还没有实测数据`,
};
