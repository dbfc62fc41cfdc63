/** What webhooks are told, and `berth alerts`. */
export const alerts = {
  /** First word of each: groups can be set to take only messages with a certain word. */
  headline: (p: {title: string}) => `Berth: ${p.title}`,
  again: (p: {title: string; count: number}) => `${p.title} (${p.count} more since)`,
  title: {
    interference: (p: {name: string}) => `${p.name} slows the model`,
    interferenceOver: 'the model is at its own pace again',
    lowered: (p: {name: string}) => `the guard lowered ${p.name}`,
    paused: (p: {name: string}) => `the guard paused ${p.name}`,
    stopped: (p: {name: string}) => `the guard stops ${p.name}`,
    guardFailed: (p: {name: string}) => `the guard could not hold ${p.name}`,
    guardUndone: (p: {name: string}) => `the guard let ${p.name} go`,
    leaseBroken: (p: {name: string}) => `${p.name} holds more than its lease`,
    leaseKept: (p: {name: string}) => `${p.name} keeps to its lease again`,
    objectiveBurns: (p: {name: string}) => `the objective ${p.name} is being missed`,
    objectiveFine: (p: {name: string}) => `the objective ${p.name} is kept again`,
    xid: (p: {code: string}) => `the card reports a fault (XID ${p.code})`,
    gpuLost: 'the card is lost',
    deviceSilent: 'the device does not answer',
    deviceBack: 'the device answers again',
    clockMoved: 'the clock was moved',
    storeRecovered: 'the history was damaged and is begun anew',
    test: 'a test',
  },
  noWebhooks: (p: {deployment: string}) =>
    `The watch of ${p.deployment} knows no webhook: write them into berth.yaml (alerts.webhooks), then deploy.`,
  secretMissing: {
    env: (p: {key: string; name: string}) => `${p.key}: the environment variable ${p.name} is not set.`,
    file: (p: {key: string; path: string; reason: string}) =>
      `${p.key}: ${p.path} cannot be read: ${p.reason}.`,
    address: (p: {key: string; from: string}) =>
      `${p.key}: what ${p.from} holds is no https address (http is for this machine and private addresses only).`,
  },
  sentFrom: (p: {host: string}) => `Sent by the watch on ${p.host}.`,
  head: {webhook: 'WEBHOOK', outcome: 'OUTCOME', took: 'TOOK', waiting: 'WAITING', state: 'STATE'},
  delivered: 'delivered',
  failed: (p: {reason: string}) => `failed: ${p.reason}`,
  works: 'no failure known',
  failing: (p: {count: number; reason: string}) => `${p.count} not delivered: ${p.reason}`,
  about: (p: {topics: string; span: string}) =>
    `Told about: ${p.topics}. The same not again within ${p.span}.`,
  waitingForTest: 'the webhooks to answer',
  help: {
    test: 'Send a test alert through each webhook, and say what came of it.',
    testMore:
      'The watch of the deployment sends it, from the machine where it runs: it shows whether alerts get out of there. Webhooks are those of the last deploy. Ends with exit 1 when one of them did not take it.',
    testExample: 'do alerts reach us?',
    ls: 'List the webhooks that the watch tells, and how they fare.',
    lsExample: 'does each of them work?',
  },
};
