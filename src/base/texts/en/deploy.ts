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
  weightsTooLarge: (p: {model: string; variant: string; size: string; device: string; missing: string}) =>
    `${p.model} ${p.variant} is ${p.size} of weights alone: ${p.missing} more than the ${p.device} of this device.`,
  weightsTooLargeSum: (p: {billions: number; bits: number; size: string; device: string}) =>
    `${p.billions} billion parameters take ${p.size} even at ${p.bits} bits each, and the device has ${p.device}.`,
  variantNeedsEngine: (p: {model: string; variant: string; format: string; engine: string}) =>
    `${p.model} ${p.variant} is ${p.format}, which the engine ${p.engine} does not load.`,
  doesNotFitSum: (p: {
    terms: string;
    context: number;
    sequences: number;
    free: string;
    present: string;
    programs: string;
    leases: string;
    safety: string;
  }) =>
    `${p.terms}, for ${p.sequences} x ${p.context} tokens. Free ${p.free} + given back by the present release ${p.present} - Berth's own programs ${p.programs} - promised to leases ${p.leases} - safety ${p.safety}.`,
  portTaken: (p: {port: number; address: string; who: string | undefined}) =>
    `Port ${p.port} on ${p.address} is taken${p.who === undefined ? '' : ` by ${p.who}`}.`,
  cardNotUsed: (p: {card: string; engine: string; runtime: string}) =>
    `Card ${p.card} would not be used: ${p.engine} under the runtime ${p.runtime} computes on the CPU.`,
  nothingDeployed: (p: {deployment: string}) => `Nothing is deployed as "${p.deployment}" on this host.`,
  nothingToRollBackTo: (p: {present: number | undefined}) =>
    p.present === undefined
      ? 'Nothing is deployed, so there is nothing to go back to.'
      : `No release before ${p.present} has ever served, so there is nothing to go back to.`,
  engineFailed: (p: {release: number; restarts: number}) =>
    `The engine of release ${p.release} keeps ending (${p.restarts} restarts), so Berth has stopped restarting it.`,
  unfinished: (p: {release: number; cause: string}) =>
    `Release ${p.release} serves, but the deploy could not finish its work. ${p.cause}`,
  uncertain: (p: {release: number; present: number | undefined; cause: string}) =>
    p.present === undefined
      ? `Whether release ${p.release} serves is not known: it was just put into service. ${p.cause}`
      : `Whether release ${p.release} or release ${p.present} serves is not known: the host was just switching. ${p.cause}`,
  failed: (p: {release: number; present: number | undefined; cause: string}) =>
    p.present === undefined
      ? `Release ${p.release} was not put into service. ${p.cause}`
      : `Release ${p.release} was not put into service; release ${p.present} goes on serving. ${p.cause}`,
  shortOfMemory: (p: {
    release: number;
    present: number | undefined;
    asked: string | undefined;
    free: string | undefined;
  }) => {
    const still = p.present === undefined ? '' : ` and release ${p.present} goes on serving`;
    const asked =
      p.asked === undefined
        ? 'there is not enough memory for the model with this context'
        : `its engine asked for ${p.asked} of memory at once${p.free === undefined ? ' and did not get it' : `, and ${p.free} were free`}`;
    return `Release ${p.release} was not put into service${still}: ${asked}.`;
  },
  fallback: (p: {model: string; patience: number}) =>
    `No model hub answered within ${p.patience} s, so this is NOT ${p.model}: the built-in stand-in "nano" is deployed. It proves the path, not the answers.`,

  stepWeights: (p: {model: string; variant: string}) => `Fetch the weights of ${p.model} ${p.variant}`,
  stepReadDevice: () => 'Read the device and who uses it',
  stepStart: (p: {release: number; model: string}) => `Start release ${p.release} (${p.model})`,
  stepStartLock: () => 'Wait for the turn to start on this device',
  stepQuiet: () => 'A neighbour’s memory changed meanwhile: wait until the device is quiet, then start again',
  cardQuiet: () => 'nobody to take or give back memory of the device',
  cardBusy: (p: {device: string}) => `Another deploy is starting an engine on ${p.device} and does not end.`,
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

  help: {
    deploy: 'Put a model into service on a host, and prove that it answers.',
    deployMore:
      'Fetches what is missing, plans the memory, starts the new release, sends it real requests, and only then ' +
      'switches over. If anything fails, the old release goes on serving. The same deploy twice changes nothing.',
    deployExample: 'deploy Qwen3-4B-Instruct-2507, or what berth.yaml says',
    deployNano: 'deploy the built-in stand-in, which needs no download',
    deployPlan: 'say what would be done, and touch nothing',
    deployContext: 'a longer context, fewer requests at once',
    deployProfile: 'on a GPU: vLLM, for many requests at once',
    flagModel: 'Model to serve: a name of the catalogue, or the path of a GGUF file.',
    flagVariant: 'Quantisation of the model.',
    flagEngine: 'Server that runs the model (docs/engines.md).',
    flagRuntime: 'How programs run on the host.',
    flagContext: 'Tokens that one request may use, prompt and answer together.',
    flagConcurrency: 'Requests answered at the same time.',
    flagKv: 'Element type of the KV cache.',
    flagThreads: 'CPU threads of the engine.',
    flagBudget: "Memory that the model may use at its peak; Berth's own programs come on top.",
    flagPort: 'Port of the gateway.',
    flagAddress: 'Address the gateway listens on.',
    flagUpdate: 'auto: old and new side by side where both fit; swap: never two copies at once.',
    flagDryRun: 'Say what would be done, and touch nothing.',
    flagFirstRun: 'Keep what is deployed; where no weights can be had, use the built-in stand-in.',
    status: 'Say what is deployed and whether it serves.',
    statusExample: 'the default deployment on this machine',
    statusJson: 'for programs',
    start: 'Bring the deployment back after a stop, a crash or a reboot.',
    startExample: 'serve again what served last',
    stop: 'End the deployment in order; start brings it back.',
    stopExample: 'let running answers end, then free the memory',
    rollback: 'Serve an earlier release again.',
    rollbackExample: 'the newest release before the present one that served',
    rollbackNumber: 'release 3, exactly as it was recorded',
    argRelease: 'Number of the release.',
    releases: 'List the releases of a deployment.',
    releasesExample: 'what was deployed, when, and how it went',
  },

  labelUrl: 'URL',
  labelKey: 'Key',
  labelModel: 'Model',
  labelRelease: 'Release',
  labelHealth: 'Health',
  labelFirstToken: 'First token',
  labelMemory: 'Memory',
  labelHeadroom: 'Headroom',
  labelContext: 'Context',
  labelState: 'State',
  labelRuntime: 'Runtime',
  labelHost: 'Host',
  labelSince: 'Since',
  labelProcesses: 'Processes',
  labelRequests: 'Requests',
  labelLadder: 'Way',
  outcome: {
    deployed: (p: {seconds: string}) => `Deployed in ${p.seconds}.`,
    unchanged: 'Nothing to do: exactly this is deployed and serves.',
    restarted: (p: {seconds: string}) => `Serving again, after ${p.seconds}.`,
    'rolled-back': (p: {seconds: string}) => `Rolled back in ${p.seconds}.`,
    planned: 'This is what a deploy would do. Nothing was touched.',
  },
  standIn: 'the built-in stand-in: it proves the path, not the answers',
  keyShownOnce: (p: {key: string}) => `${p.key} (shown once)`,
  healthy: 'answers',
  memory: (p: {predicted: string; measured: string; budget: string}) =>
    `measured peak ${p.measured}, predicted ${p.predicted}, budget ${p.budget}`,
  memoryPredicted: (p: {predicted: string; budget: string}) =>
    `predicted peak ${p.predicted}, budget ${p.budget}`,
  programs: (p: {used: string; allowance: string}) =>
    `Berth's own programs ${p.used}, at most ${p.allowance}`,
  headroom: (p: {free: string}) => `${p.free} free for other work now`,
  context: (p: {tokens: number; sequences: number}) => `${p.tokens} tokens a request, ${p.sequences} at once`,
  hold: (p: {longest: string}) => `longest wait of a request during the swap: ${p.longest}`,
  ladder: {
    fresh: 'nothing served before',
    'side-by-side': 'old and new side by side: both fit',
    swap: 'swap: requests are held while the old release makes room',
  },
  weightsMissing: 'The weights are not on this host yet; the plan can be told once they are.',
  weightsForeseen:
    'The weights are not on this host yet: the sizes are the catalogue’s, and all that follows from them is predicted.',
  wouldRun: {gateway: 'Gateway', engine: 'Engine'},
  wouldRunLabels: {
    image: 'Image',
    command: 'Command',
    env: 'Environment',
    user: 'User',
    mounts: 'Mounts',
    gpus: 'GPUs',
    limits: 'Limits',
    publish: 'Port',
    network: 'Network',
    labels: 'Labels',
  },
  wouldRunLimits: (p: {
    memory: string | undefined;
    shared: string | undefined;
    processes: number | undefined;
  }) =>
    [
      p.memory === undefined ? 'no limit of RAM' : `${p.memory} of RAM`,
      ...(p.shared === undefined ? [] : [`${p.shared} of shared memory`]),
      ...(p.processes === undefined ? [] : [`${p.processes} processes`]),
    ].join(', '),
  tryIt: 'Try it:',
  urlOnHost: (p: {url: string; host: string}) => `${p.url} (on ${p.host} alone)`,
  wayHere: (p: {command: string}) => `from this machine: ${p.command}`,
  requests: (p: {running: number; queued: number; held: number}) =>
    `${p.running} running, ${p.queued} waiting, ${p.held} held`,
  state: {
    serving: 'serving',
    loading: 'loading',
    failed: 'failed: the engine keeps ending',
    stopped: 'stopped',
    dead: 'dead: it should run and does not',
    absent: 'nothing deployed',
  },
  watchDown: {
    waiting: 'the watch, which measures the device, ended and is started again: berth logs watch',
    failed: 'the watch, which measures the device, keeps ending: berth logs watch',
  },
  restarts: (p: {count: number}) => `${p.count} restarts of the engine`,
  changing: (p: {owner: string}) => `${p.owner} is changing it now`,
  stopped: (p: {deployment: string; start: string}) =>
    `"${p.deployment}" is stopped, and its memory is free. Bring it back: ${p.start}`,
  stoppedAlready: (p: {deployment: string}) => `Nothing to do: "${p.deployment}" was stopped before.`,
  release: {
    serving: 'serving',
    served: 'served',
    failed: 'failed',
    unfinished: 'cut off',
  },
  columnRelease: 'RELEASE',
  columnWhen: 'CREATED',
  columnModel: 'MODEL',
  columnState: 'STATE',
  columnNote: 'NOTE',
};
