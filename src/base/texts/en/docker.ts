export const docker = {};
