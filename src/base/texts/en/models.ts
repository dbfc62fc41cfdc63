export const models = {
  damageHeaderTooLong: () => 'Its header goes on for longer than that of any real model.',
  damageImplausible: (p: {field: string; value: string}) =>
    `Its header says ${p.field} = ${p.value}, which cannot be.`,
  damageNotGguf: () => 'It does not begin like a GGUF file.',
  damageOtherContent: () => 'Its SHA-256 is not that of the weights it should be.',
  damageTruncated: () => 'It ends before all that its header promises.',
  damageVersion: (p: {version: number}) => `It is GGUF version ${p.version}; versions 2 and 3 can be read.`,
  damageWrongEndian: () => 'It was written for a big-endian machine.',
  diskFull: (p: {folder: string; needed: string; free: string}) =>
    `Not enough room in ${p.folder}: ${p.needed} are needed, ${p.free} are free.`,
  downloadCorrupt: (p: {title: string}) => `What was downloaded is not ${p.title}; it was thrown away.`,
  downloadInterrupted: (p: {title: string}) =>
    `The download of ${p.title} broke off. What came is kept, and the next try goes on from there.`,
  downloading: () => 'Download',
  folderNotWritable: (p: {folder: string}) => `Weights cannot be kept in ${p.folder}.`,
  hubFileMissing: (p: {title: string}) => `No hub has the file of ${p.title} any more.`,
  hubForbidden: (p: {title: string}) => `The hub does not give ${p.title} to you without a valid token.`,
  hubTrouble: (p: {message: string}) => `Trouble with a hub: ${p.message}`,
  hubUnreachable: (p: {title: string}) => `No hub that has ${p.title} can be reached.`,
  unknownModel: (p: {name: string; known: string}) => `There is no model "${p.name}". Known: ${p.known}.`,
  verifying: () => 'Verify SHA-256',
  waitingForDownload: (p: {pid: number}) => `Process ${p.pid} is downloading it already: waiting`,
  weightsDamaged: (p: {path: string}) => `${p.path} is damaged.`,
  weightsMissing: (p: {path: string}) => `There are no weights at ${p.path}.`,
};
