export const hosts = {
  agentGone: (p: {host: string}) => `Berth's helper program on ${p.host} has ended without an answer.`,
  badName: (p: {name: string}) =>
    `"${p.name}" cannot be a deployment's name: letters, digits, dots and dashes can, 63 at most.`,
  containerNotMade: (p: {image: string}) => `Docker did not make a container of ${p.image}.`,
  deployInProgress: (p: {owner: string; since: string}) =>
    `Another change of this deployment is under way: ${p.owner}, since ${p.since}.`,
  deploymentOfAnother: (p: {deployment: string; folder: string}) =>
    `The deployment "${p.deployment}" of this host is kept in ${p.folder}, which is another user's.`,
  deploymentOfAnotherWhy: () => 'Names are shared by all who use the same Docker engine.',
  diskFull: () => 'The disk is full.',
  dockerForbidden: (p: {host: string; user: string}) => `${p.user} may not use Docker on ${p.host}.`,
  dockerForbiddenWhy: () =>
    'It takes membership in the group docker or, on a host reached by SSH, sudo without a password. After joining the group, log in anew.',
  dockerHostUnusable: (p: {value: string}) => `DOCKER_HOST says "${p.value}", which Berth cannot use.`,
  dockerHostUnusableWhy: () =>
    'It can be unix://, npipe:// or tcp://. Machines reached by SSH have a name of their own.',
  dockerMissing: (p: {host: string}) => `There is no Docker on ${p.host}.`,
  dockerNotRunning: (p: {host: string}) => `Docker does not run on ${p.host}.`,
  ending: () => 'The deployment is just being stopped.',
  engineGone: (p: {name: string}) => `${p.name} does not run.`,
  engineUnknown: (p: {name: string; known: readonly string[]}) =>
    `There is no ${p.name} here; there is ${p.known.length > 0 ? p.known.join(', ') : 'no engine'}.`,
  gatewayFailed: () => 'The gateway did not start.',
  gatewayUnavailable: () => 'The gateway does not answer.',
  nothingDeployed: (p: {deployment: string}) => `Nothing was ever deployed as "${p.deployment}".`,
  portTaken: (p: {port: number; pid?: number; name?: string}) => {
    const holder = p.name ?? 'another program';
    return `Port ${p.port} is taken by ${holder}${p.pid === undefined ? '' : ` (pid ${p.pid})`}.`;
  },
  stateNotWritable: (p: {path: string}) => `${p.path} cannot be written.`,
  supervisorFailed: () => 'The supervisor, which keeps the deployment running, did not start.',
  supervisorGone: () => 'The supervisor, which keeps the deployment running, has ended.',
  supervisorOtherVersion: () => 'The deployment is kept running by another version of Berth.',
  supervisorSilent: (p: {deadline: string}) =>
    `The supervisor, which keeps the deployment running, did not answer within ${p.deadline}.`,
  supervisorStarts: () => 'the supervisor to start',
  supervisorStops: () => 'the supervisor to end',
  systemSays: (p: {reason: string}) => `The system says ${p.reason}.`,
  tenantNotStarted: (p: {program: string}) => `${p.program} could not be started.`,
  transitionOver: () => 'This change of the deployment is over; the committed release was restored.',
  watchUnavailable: () => 'The watch, which measures the device, does not answer.',
  weightsNotOnHost: (p: {path: string; host: string}) =>
    `${p.path} is a file of this machine, and ${p.host} is another one.`,
};
