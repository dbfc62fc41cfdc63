export const ssh = {
  help: {
    add: 'Register a machine that is reached by SSH.',
    addMore:
      "Logs in, shows the fingerprint of the machine's host key and asks whether it is the right one. From then on every connection demands that key. Users, ports, keys and jump hosts come from ssh's own configuration where the address does not say them. Keys come from the agent or from files; there are no passwords.",
    addExample: 'A machine by its address.',
    addExampleAlias: 'A machine that ssh knows by an alias.',
    addExampleScript: 'Without a terminal: the fingerprint is told beforehand.',
    argName: 'How the machine is called from now on: --host NAME.',
    argTarget: "ssh://user@address:port, user@address, or an alias of ssh's configuration.",
    flagHostKey: 'Fingerprint of the right host key; once for each machine on the way.',
    flagIdentity: 'Key file to log in with, and no other.',
    list: 'List the machines that are known.',
    listExample: 'Names, addresses and fingerprints.',
    check: 'Prove that machines can be reached and used.',
    checkExample: 'Every machine that is known.',
    checkExampleOne: 'One machine, with all details.',
    argCheck: 'Name of a machine; all of them when left out.',
    remove: 'Forget a machine.',
    removeMore: 'What runs there goes on; only this client forgets how to reach it.',
    removeExample: 'Forget gpu1.',
    argRemove: 'Name of a machine.',
  },
  added: (p: {name: string; user: string; address: string; os: string}) =>
    `${p.name} is ${p.user}@${p.address}, ${p.os}.`,
  removed: (p: {name: string}) => `${p.name} is forgotten. What runs there goes on.`,
  thisMachine: 'this machine',
  head: {name: 'NAME', target: 'ADDRESS', hostKey: 'HOST KEY'},
  dockerVersion: (p: {version: string; way: string}) => `${p.version}, ${p.way}`,
  label: {
    target: 'Address',
    hostKey: 'Host key',
    login: 'Login',
    loginBy: (p: {user: string; key: string}) => `${p.user}, by ${p.key}`,
    system: 'System',
    latency: 'Round trip',
    handshakes: 'SSH handshakes',
    docker: 'Docker',
    state: 'State folder',
  },
  dockerBy: {
    local: 'on this machine',
    socket: 'by its socket',
    'dial-stdio': 'by `docker system dial-stdio`',
    'sudo-dial-stdio': 'by `sudo docker system dial-stdio`',
  },
  trustQuestion: (p: {endpoint: string; type: string; fingerprint: string}) =>
    `${p.endpoint} shows the host key ${p.fingerprint} (${p.type}).\nCompare it with what its owner tells, or with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on that machine.\nIs it the right one?`,
  passphraseQuestion: (p: {path: string}) => `Passphrase of ${p.path}: `,
  yesOrNo: '[y/N] ',
  targetInvalid: (p: {target: string}) => `"${p.target}" is no address of a machine.`,
  targetInvalidWhy: () =>
    "It can be ssh://user@address:port, user@address, or an alias of ssh's configuration; never with a password.",
  configUnreadable: (p: {file: string}) => `${p.file} cannot be read.`,
  proxyCommand: (p: {host: string}) => `ssh's configuration reaches ${p.host} by a ProxyCommand.`,
  proxyCommandWhy: () => 'Berth runs no ssh program. A ProxyJump to the same machine does the same.',
  jumpInvalid: (p: {host: string; through: string}) =>
    `ssh's configuration reaches ${p.host} through "${p.through}", and that leads nowhere.`,
  unreachable: (p: {host: string; endpoint: string}) => `${p.host} cannot be reached at ${p.endpoint}.`,
  connectionLost: (p: {host: string}) => `The connection to ${p.host} was lost.`,
  authenticationRefused: (p: {hop: string}) => `${p.hop} lets in none of the keys here.`,
  keysOffered: (p: {keys: readonly string[]}) => `Offered: ${p.keys.join(', ')}.`,
  noKeys: () => 'There is no key in ~/.ssh, and no agent that holds one.',
  handshakeFailed: (p: {endpoint: string}) => `${p.endpoint} and Berth cannot agree on how to talk SSH.`,
  keyLocked: (p: {path: string}) =>
    `The key ${p.path} is encrypted, and there is nobody to ask for its passphrase.`,
  keyLockedWhy: () => 'Add it to the agent, set BERTH_SSH_PASSPHRASE, or run the command on a terminal.',
  passphraseWrong: (p: {path: string}) => `This is not the passphrase of ${p.path}.`,
  keyUnusable: (p: {path: string}) => `${p.path} cannot be used as a key.`,
  hostKeyChanged: (p: {endpoint: string; known: string; shown: string}) =>
    `The host key of ${p.endpoint} is not the one that was trusted: trusted ${p.known}, shown ${p.shown}.`,
  hostKeyChangedWhy: () =>
    'Either the machine was installed anew, or somebody is between you and it. Ask its owner before you trust the new key.',
  hostKeyUnknown: (p: {endpoint: string; shown: string}) =>
    `Nobody has vouched for the host key of ${p.endpoint}: ${p.shown}.`,
  hostKeyUnknownWhy: () =>
    "There is no terminal to ask on. Compare the fingerprint with what the machine's owner tells, then say so.",
  hostKeyInvalid: (p: {given: string}) =>
    `"${p.given}" is no fingerprint such as SHA256:uNiVztksCsDhcc0u9e8BrSX…`,
  hostKeyNotTrusted: (p: {endpoint: string}) =>
    `The host key of ${p.endpoint} was not trusted; nothing was recorded.`,
  channelRefused: (p: {host: string; wanted: string}) =>
    `sshd on ${p.host} refuses a channel to ${p.wanted}.`,
  programFailed: (p: {host: string; program: string; code: string}) =>
    `"${p.program}" on ${p.host} ended with ${p.code}.`,
  programTooSlow: (p: {host: string; program: string; deadline: string}) =>
    `"${p.program}" on ${p.host} did not end within ${p.deadline}.`,
  notPosix: (p: {host: string}) => `${p.host} does not run a POSIX shell for this user.`,
  hostUnknown: (p: {name: string}) => `There is no machine "${p.name}".`,
  hostExists: (p: {name: string; target: string}) => `"${p.name}" is already ${p.target}.`,
  hostNameTaken: () => '"local" is this machine, always.',
  hostNameInvalid: (p: {name: string}) =>
    `"${p.name}" cannot be a machine's name: letters, digits, dots and dashes can, 63 at most.`,
  processRuntime: (p: {host: string}) => `${p.host} is reached by SSH: programs run there in Docker only.`,
};
