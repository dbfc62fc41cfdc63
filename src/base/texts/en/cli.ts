export const cli = {
  about: 'Puts a language model on a machine, proves that it answers, and keeps the rest of the card free.',
  flagJson: 'Print the result as JSON; progress becomes JSON lines on stderr.',
  flagLang: 'Language of texts and help.',
  flagQuiet: 'Say nothing about progress.',
  flagName: 'Name of the deployment.',
  flagHost: 'Machine to work on.',
  flagConfig: 'Settings file; ./berth.yaml when there is one.',
  helpUsage: 'USAGE',
  helpArguments: 'ARGUMENTS',
  helpFlags: 'FLAGS',
  helpGlobalFlags: 'GLOBAL FLAGS',
  helpDescription: 'DESCRIPTION',
  helpExamples: 'EXAMPLES',
  helpCommands: 'COMMANDS',
  helpTopics: 'TOPICS',
  helpVersion: 'VERSION',
  tryLabel: 'try:',
  interrupted: 'Interrupted.',
  bug: (p: {message: string; log: string}) => `This is a bug in Berth: ${p.message} (debug log: ${p.log})`,
  unknownCommand: (p: {command: string}) => `There is no command "${p.command}".`,
  unknownFlag: (p: {command: string; flag: string}) => `"berth ${p.command}" has no flag ${p.flag}.`,
  unexpectedArgument: (p: {command: string; argument: string}) =>
    `"berth ${p.command}" does not know what to do with "${p.argument}".`,
  missingArgument: (p: {command: string; argument: string}) => `"berth ${p.command}" needs ${p.argument}.`,
  notAllowed: (p: {flag: string; given: string; allowed: string}) =>
    `${p.flag} cannot be "${p.given}". Allowed: ${p.allowed}.`,
  valueMissing: (p: {flag: string; allowed: string}) =>
    `${p.flag} needs a value${p.allowed === '' ? '' : `: ${p.allowed}`}.`,
  notANumber: (p: {given: string; least: string; most: string}) =>
    `"${p.given}" is not a whole number${p.least === '' ? '' : ` of at least ${p.least}`}${p.most === '' ? '' : ` of at most ${p.most}`}.`,
  notASize: (p: {flag: string; given: string}) =>
    `${p.flag} cannot be "${p.given}". Write a size such as 12GiB or 800MB.`,
  notUnderstood: (p: {message: string}) => `The command line cannot be understood: ${p.message}`,
};
