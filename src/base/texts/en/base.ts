export const base = {
  deadlinePassed: (p: {what: string; deadline: string}) =>
    `Waited ${p.deadline} for ${p.what}, and it did not come.`,
  stateFileDamaged: (p: {path: string}) => `${p.path} cannot be read: it is damaged or from another version.`,
};
