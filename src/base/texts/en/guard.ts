/** What protects the model from its neighbours: `berth guard`. */
export const guard = {
  none: 'The guard knows no policy yet: `berth deploy` writes it, and interrupts nothing.',
  noEvents: (p: {span: string}) => `Nothing happened within ${p.span}.`,
  label: {mode: 'GUARD', model: 'MODEL', breach: 'BROKEN LEASES'},
  mode: {
    off: 'off',
    watch: 'says what it sees and touches nobody',
    act: 'acts',
  },
  against: (p: {actions: string; outsiders: 'watch' | 'act'}) =>
    `${p.actions}; ${p.outsiders === 'act' ? 'outsiders too' : 'tenants with a lease only'}`,
  action: {lower: 'lowered', pause: 'paused', stop: 'stopped'},
  may: {lower: 'lower', pause: 'pause', stop: 'stop', watch: 'watched'},
  nothing: 'nothing',
  fine: 'nobody slows it',
  slow: (p: {span: string}) => `slowed for ${p.span}`,
  ratio: (p: {ratio: string}) => `at ${p.ratio} times its usual time per token`,
  learning: 'its own time per token is not known yet',
  because: {interference: 'slows the model', breach: 'holds more than its lease'},
  notDone: (p: {reason: string}) => `not done: ${p.reason}`,
  held: {tenant: 'TENANT', action: 'HELD', because: 'BECAUSE', since: 'FOR'},
  alone: {streams: 'STREAMS', time: 'ALONE', seconds: 'LEARNED'},
  aloneTime: (p: {ms: string}) => `${p.ms} ms a token`,
  aloneSeconds: (p: {seconds: number}) => `${p.seconds} s`,
  withPrompts: (p: {streams: string}) => `${p.streams}, prompts read as well`,
  help: {
    status: 'Show whom the guard holds back, why, what it knows of the model, and how objectives are kept.',
    statusExample: 'is somebody held back now?',
    log: 'List what the guard has seen and done, and which objectives burned, with the numbers.',
    logExample: 'what happened last night?',
    flagSince: 'How far back.',
  },
};
