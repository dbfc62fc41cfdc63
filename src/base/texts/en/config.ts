export const config = {
  unreadable: (p: {path: string; reason: string}) => `${p.path} cannot be read: ${p.reason}.`,
  syntax: (p: {message: string}) => `this is not YAML: ${p.message}`,
  notAMapping: 'expected "key: value" lines.',
  unknownKey: (p: {key: string; meant: string; known: string}) =>
    `there is no setting "${p.key}"${p.meant === '' ? `. Settings here: ${p.known}.` : `. Did you mean "${p.meant}"?`}`,
  notAllowed: (p: {key: string; given: string; allowed: string}) =>
    `${p.key} cannot be "${p.given}". Allowed: ${p.allowed}.`,
  wholeNumber: 'a whole number',
  list: 'a list, each entry with "-" before it',
  textValue: 'text (put it in quotes)',
  keysBelow: 'settings below it, indented',
  notEmpty: 'text that is not empty',
  atLeast: (p: {least: number}) => `${p.least} or more`,
  atMost: (p: {most: number}) => `${p.most} or less`,
  nameFormat: 'lower-case letters, digits and "-", at most 39, a letter or digit first',
  quantity: (p: {example: string}) => `a quantity such as ${p.example}`,
  forms: {
    ggufFile: 'the path of a .gguf file in the repository',
    modelName: 'lower-case letters, digits, ".", "_" and "-", at most 63, a letter or digit first',
    modelSource:
      'huggingface or modelscope (or both), with file for a GGUF; or path alone; sha256 only beside file',
    repository: 'owner/name or owner/name@revision',
    sha256: '64 hexadecimal digits',
    webhookAddress:
      'an https address (http for this machine and private addresses only), env:NAME or file:PATH',
    webhookName: 'letters, digits, spaces, ".", "_" and "-", at most 60, a letter or digit first',
    webhookSecret: 'text that is not empty, env:NAME or file:PATH',
    webhookUnsigned: 'nothing, because this service signs nothing: its key is in the address',
  },
  checkSummary: 'Check a settings file, and show what it means with every default.',
  checkFile: 'Settings file; ./berth.yaml when there is one.',
  checkExampleHere: 'Check ./berth.yaml.',
  checkExampleFile: 'Check another file, and read the result by program.',
  checkedFile: (p: {file: string}) => `${p.file} is right. With every default it means:`,
  checkedNothing: 'There is no berth.yaml here, and none is needed. The defaults are:',
};
