export const deploy = {};
