import type {engine as en} from '../en/engine.ts';

export const engine: typeof en = {
  unknown: ({name, available}) => `没有名为“${name}”的引擎。可选：${available}。`,
  portTaken: '分配给引擎的端口已被其他程序占用。',
  weightsMissing: '找不到权重文件，或没有读取权限。',
  weightsDamaged: '权重文件已损坏、不完整，或格式不符。',
  outOfMemory: '内存不足，无法以当前上下文长度运行该模型。',
  memoryRefused: ({asked, free}) =>
    free === undefined
      ? `引擎一次申请 ${asked} 内存，未能获得。`
      : `引擎一次申请 ${asked} 内存，而当时只有 ${free} 空闲。`,
  kvTypeUnsupported: '该模型不支持这种 KV 缓存类型。',
  architectureUnsupported: '当前版本的引擎不支持该模型的架构。',
  nativeLibraryMissing: 'node-llama-cpp 的本地库缺失，或与本机不兼容。',
  computationFailed: '引擎库在计算过程中出错。',
  driverTooOld: 'GPU 驱动版本过旧，不满足该引擎构建的要求。',
  gpuUnseen: '引擎看不到 GPU：驱动未加载或不匹配，或者显卡没有交给它。',
  llamaServerMissing: ({program}) => `“${program}”不是可在本机运行的 llama-server。`,
  llamaServerWhy:
    '不使用 Docker 时，引擎 llama-cpp 需要 llama-server 程序：放在 PATH 中，或用 BERTH_LLAMA_SERVER 指定。',
  notHere: ({name}) => `引擎“${name}”无法在该处运行。`,
  vllmNeedsLinux: ({platform}) => `vLLM 只在 Linux 上运行，而该主机是 ${platform}。`,
  vllmNeedsGpu: 'vLLM 需要 NVIDIA GPU，而该主机没有。',
  vllmNeedsDocker: 'Berth 在容器中运行 vLLM。',
  vllmKvType: ({kvType, known}) => `vLLM 没有与 ${kvType} 对应的 KV 缓存类型。可选：${known}。`,
  memoryChanged: '引擎测量显存时，其他程序释放了显存。',
  contextTooLarge: 'KV 缓存连一个这样长的请求都容纳不下。',
  contextTooLong: '上下文长度超过了模型的设计上限。',
  repositoryGated: '权重所在的仓库需要先接受其使用条款。',
  badFlag: '引擎的启动参数中有不被接受的设置。',
};
