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
  badFlag: 'The engine was started with a setting that it does not accept.',
};
