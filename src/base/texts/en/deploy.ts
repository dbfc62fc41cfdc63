export const deploy = {
  unknownRelease: (p: {number: number}) => `There is no release ${p.number} of this deployment.`,
  inProgress: (p: {owner: string; since: string}) =>
    `${p.owner} has been changing this deployment since ${p.since}. Wait until that has ended.`,
  contextTooLong: (p: {asked: number; max: number; model: string}) =>
    `A context of ${p.asked} tokens is longer than ${p.model} can use (${p.max}).`,
  doesNotFit: (p: {
    model: string;
    needed: string;
    available: string;
    missing: string;
    overBudget: boolean;
  }) =>
    p.overBudget
      ? `${p.model} needs ${p.needed}, and its budget is ${p.available}: ${p.missing} are missing.`
      : `${p.model} needs ${p.needed}, and ${p.available} can be had: ${p.missing} are missing.`,
  doesNotFitSum: (p: {
    terms: string;
    context: number;
    sequences: number;
    free: string;
    present: string;
    safety: string;
  }) =>
    `${p.terms}, for ${p.sequences} x ${p.context} tokens. Free ${p.free} + given back by the present release ${p.present} - safety ${p.safety}.`,
  portTaken: (p: {port: number; address: string; who: string | undefined}) =>
    `Port ${p.port} on ${p.address} is taken${p.who === undefined ? '' : ` by ${p.who}`}.`,
  unknownVariant: (p: {model: string; variant: string; known: string}) =>
    `${p.model} has no variant ${p.variant}. It has: ${p.known}.`,
  nothingDeployed: (p: {deployment: string}) => `Nothing is deployed as "${p.deployment}" on this host.`,
  nothingToRollBackTo: (p: {present: number | undefined}) =>
    p.present === undefined
      ? 'Nothing is deployed, so there is nothing to go back to.'
      : `No release before ${p.present} has ever served, so there is nothing to go back to.`,
  engineFailed: (p: {release: number; restarts: number}) =>
    `The engine of release ${p.release} keeps ending (${p.restarts} restarts), so Berth has stopped restarting it.`,
  failed: (p: {release: number; present: number | undefined; cause: string}) =>
    p.present === undefined
      ? `Release ${p.release} was not put into service. ${p.cause}`
      : `Release ${p.release} was not put into service; release ${p.present} goes on serving. ${p.cause}`,
  fallback: (p: {model: string; patience: number}) =>
    `No model hub answered within ${p.patience} s, so this is NOT ${p.model}: the built-in stand-in "nano" is deployed. It proves the path, not the answers.`,

  stepWeights: (p: {model: string; variant: string}) => `Fetch the weights of ${p.model} ${p.variant}`,
  stepReadDevice: () => 'Read the device and who uses it',
  stepStart: (p: {release: number; model: string}) => `Start release ${p.release} (${p.model})`,
  stepStartAgain: (p: {release: number}) => `Start release ${p.release} again`,
  stepGate: () => 'Prove that it answers',
  gatePassed: (p: {firstTokenMs: number}) => `It answers: first token after ${Math.round(p.firstTokenMs)} ms`,
  stepSwitch: (p: {release: number}) => `Send requests to release ${p.release}`,
  stepDrain: (p: {release: number}) => `Let the answers of release ${p.release} end`,
  drained: (p: {cut: number}) =>
    p.cut === 0 ? 'All answers ended by themselves' : `${p.cut} answers were cut off`,
  stepStopOld: (p: {release: number}) => `Stop release ${p.release} and wait for its memory`,
  stepStop: (p: {deployment: string}) => `Stop "${p.deployment}"`,
  memoryBack: (p: {bytes: string}) => `${p.bytes} of free memory`,
  releaseServing: (p: {release: number}) => `release ${p.release} to serve`,
};
