import {isAbsolute, join} from 'node:path';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {homeFolder, localUser, type HostSettings, type SshConfig} from './ssh-config.ts';
import {endpoint, readTarget, type Target} from './target.ts';

/** One machine on the way, and how to log in to it. All decided: nothing is looked up any more. */
export interface Hop {
  address: string;
  port: number;
  user: string;
  /** Key files in the order in which they are offered, as absolute paths; some may not exist. */
  identityFiles: readonly IdentityFile[];
  /** Keys of the agent that are none of `identityFiles` are not offered. */
  identitiesOnly: boolean;
  /** Where an agent listens, `pageant` on Windows; the first that answers is used. */
  agents: readonly string[];
  /** Name under which known_hosts has its key, when that is not its address. */
  hostKeyAlias?: string;
  knownHostsFiles: readonly string[];
}

export interface IdentityFile {
  path: string;
  /** Somebody named it, it is not one of the default names: that it is missing or locked is worth telling. */
  named: boolean;
}

/** How a hop is called in texts: `ops@10.0.0.7:22`. */
export const hopName = ({user, address, port}: Hop): string => `${user}@${endpoint(address, port)}`;

/** Names of ssh's default keys, those first that are tried first. Source: ssh_config(5), IdentityFile. */
const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'] as const;
const MOST_HOPS = 8;
const WINDOWS_AGENTS = ['\\\\.\\pipe\\openssh-ssh-agent', 'pageant'];

/**
 * The machines to pass on the way to `target`, which is the last of them. `identity` is the one key file that is
 * to be used for the target.
 */
export function findRoute(
  target: Target,
  config: SshConfig,
  env: NodeJS.ProcessEnv,
  identity?: string,
): [...Hop[], Hop] {
  return [...hopsBefore(target, config, env, 0), hopOf(target, config, env, identity)];
}

function hopsBefore(target: Target, config: SshConfig, env: NodeJS.ProcessEnv, depth: number): Hop[] {
  const {proxy} = config.lookup(target.address, target.user);
  if (!proxy) return [];
  if (proxy.kind === 'command') throw proxyCommand(target.address);
  if (depth >= MOST_HOPS) throw badJump(target.address, proxy.through);
  const jumps = proxy.through.split(',').map((text) => {
    const jump = readTarget(text.trim());
    if (!jump) throw badJump(target.address, proxy.through);
    return jump;
  });
  const [first] = jumps;
  return [
    // Only the first of a list may itself be behind others: that is how ssh reads it.
    ...(first ? hopsBefore(first, config, env, depth + 1) : []),
    ...jumps.map((jump) => hopOf(jump, config, env)),
  ];
}

function hopOf(target: Target, config: SshConfig, env: NodeJS.ProcessEnv, identity?: string): Hop {
  const settings = config.lookup(target.address, target.user);
  const port = target.port ?? settings.port ?? 22;
  const user = target.user ?? settings.user ?? localUser(env);
  const address = replaceTokens(settings.hostName ?? '%h', {h: target.address});
  const tokens: Tokens = {
    h: address,
    n: target.address,
    p: String(port),
    r: user,
    u: localUser(env),
    d: homeFolder(env),
    k: settings.hostKeyAlias ?? target.address,
  };
  const path = (text: string): string => filePath(replaceTokens(text, tokens), env);
  return {
    address,
    port,
    user,
    identityFiles: identityFiles(settings, env, identity, path),
    identitiesOnly: identity !== undefined || settings.identitiesOnly,
    agents: agentsOf(settings.identityAgent, env, path),
    ...(settings.hostKeyAlias !== undefined && {hostKeyAlias: settings.hostKeyAlias}),
    knownHostsFiles:
      settings.knownHostsFiles.length > 0
        ? settings.knownHostsFiles.map(path)
        : [filePath('~/.ssh/known_hosts', env), filePath('~/.ssh/known_hosts2', env)],
  };
}

function identityFiles(
  settings: HostSettings,
  env: NodeJS.ProcessEnv,
  identity: string | undefined,
  path: (text: string) => string,
): IdentityFile[] {
  if (identity !== undefined) return [{path: identity, named: true}];
  const named = settings.identityFiles.filter((file) => !/^none$/i.test(file));
  if (settings.identityFiles.length > 0) return named.map((file) => ({path: path(file), named: true}));
  return DEFAULT_KEYS.map((name) => ({path: filePath(`~/.ssh/${name}`, env), named: false}));
}

function agentsOf(
  told: string | undefined,
  env: NodeJS.ProcessEnv,
  path: (text: string) => string,
): readonly string[] {
  if (told !== undefined && /^none$/i.test(told)) return [];
  const fromEnv = told?.startsWith('$') ? env[told.slice(1)] : undefined;
  if (fromEnv !== undefined) return [fromEnv];
  if (told !== undefined && told !== 'SSH_AUTH_SOCK') return [path(told)];
  const usual = env.SSH_AUTH_SOCK;
  return [...(usual ? [usual] : []), ...(process.platform === 'win32' ? WINDOWS_AGENTS : [])];
}

type Tokens = Readonly<Record<string, string>>;

/** `%h` and its like, and `${NAME}` of the environment stay as they are where they are not known. */
const replaceTokens = (text: string, tokens: Tokens): string =>
  text.replace(/%(.)/g, (whole, letter: string) => (letter === '%' ? '%' : (tokens[letter] ?? whole)));

function filePath(text: string, env: NodeJS.ProcessEnv): string {
  const home = homeFolder(env);
  const filled = text
    .replace(/^~(?=[/\\]|$)/, () => home)
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole);
  return isAbsolute(filled) || filled.startsWith('\\\\') ? filled : join(home, filled);
}

const proxyCommand = (host: string): BerthError =>
  new BerthError({
    code: 'ssh_proxy_command',
    what: (t) => t.ssh.proxyCommand({host}),
    why: (t) => t.ssh.proxyCommandWhy(),
    try: [`ssh -G ${host}`],
    exit: ExitCode.usage,
    details: {host},
  });

const badJump = (host: string, through: string): BerthError =>
  new BerthError({
    code: 'ssh_jump_invalid',
    what: (t) => t.ssh.jumpInvalid({host, through}),
    try: [`ssh -G ${host}`],
    exit: ExitCode.usage,
    details: {host, through},
  });
