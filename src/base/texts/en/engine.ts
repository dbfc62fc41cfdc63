export const engine = {
  unknown: (p: {name: string; available: string}) =>
    `There is no engine "${p.name}". Choose one of: ${p.available}.`,
  unavailable: (p: {name: string; available: string}) =>
    `The engine "${p.name}" is not part of this version. Choose one of: ${p.available}.`,
  portTaken: 'Another program already listens on the port that the engine was given.',
  weightsMissing: 'The weights file is not there, or may not be read.',
  weightsDamaged: 'The weights file is damaged, incomplete or not a GGUF file.',
  outOfMemory: 'There is not enough memory for the model with this context.',
  kvTypeUnsupported: 'This model cannot be served with this KV cache type.',
  architectureUnsupported: 'This version of the engine does not know the architecture of this model.',
  libraryMissing: 'The native library of node-llama-cpp is missing, or does not fit this machine.',
  libraryFailed: 'The engine library failed while it computed.',
  driverTooOld: 'The GPU driver is older than what this build of the engine needs.',
  gpuUnseen:
    'The engine sees no GPU: the driver is not loaded, or does not fit, or the card was not handed to it.',
  llamaServerMissing: (p: {program: string}) =>
    `"${p.program}" is no llama-server that runs on this machine.`,
  llamaServerWhy:
    'Without Docker the engine llama-cpp needs the program llama-server: on the PATH, or named by BERTH_LLAMA_SERVER.',
  badFlag: 'The engine was started with a setting that it does not accept.',
};
