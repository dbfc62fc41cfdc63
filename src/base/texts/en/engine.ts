export const engine = {
  unknown: (p: {name: string; available: string}) =>
    `There is no engine "${p.name}". Choose one of: ${p.available}.`,
  portTaken: 'Another program already listens on the port that the engine was given.',
  weightsMissing: 'The weights file is not there, or may not be read.',
  weightsDamaged: 'The weights file is damaged, incomplete or of another format.',
  outOfMemory: 'There is not enough memory for the model with this context.',
  memoryRefused: (p: {asked: string; free: string | undefined}) =>
    p.free === undefined
      ? `The engine asked for ${p.asked} of memory at once and did not get it.`
      : `The engine asked for ${p.asked} of memory at once, and ${p.free} were free.`,
  kvTypeUnsupported: 'This model cannot be served with this KV cache type.',
  architectureUnsupported: 'This version of the engine does not know the architecture of this model.',
  nativeLibraryMissing: 'The native library of node-llama-cpp is missing, or does not fit this machine.',
  computationFailed: 'The engine library failed while it computed.',
  driverTooOld: 'The GPU driver is older than what this build of the engine needs.',
  gpuUnseen:
    'The engine sees no GPU: the driver is not loaded, or does not fit, or the card was not handed to it.',
  llamaServerMissing: (p: {program: string}) =>
    `"${p.program}" is no llama-server that runs on this machine.`,
  llamaServerWhy:
    'Without Docker the engine llama-cpp needs the program llama-server: on the PATH, or named by BERTH_LLAMA_SERVER.',
  notHere: (p: {name: string}) => `The engine "${p.name}" cannot run there.`,
  vllmNeedsLinux: (p: {platform: string}) => `vLLM runs on Linux; that host has ${p.platform}.`,
  vllmNeedsGpu: 'vLLM needs an NVIDIA GPU, and that host offers none.',
  vllmNeedsDocker: 'Berth runs vLLM in a container.',
  vllmKvType: (p: {kvType: string; known: string}) =>
    `vLLM has no KV cache type like ${p.kvType}. Choose one of: ${p.known}.`,
  memoryChanged: 'Another program gave GPU memory back while the engine measured how much there is.',
  contextTooLarge: 'The KV cache cannot hold even one request of this context.',
  contextTooLong: 'The context is longer than the model was made for.',
  repositoryGated: 'The weights come from a repository whose terms must be accepted first.',
  badFlag: 'The engine was started with a setting that it does not accept.',
};
