import {glob, readFile} from 'node:fs/promises';
import {homedir, userInfo} from 'node:os';
import {isAbsolute, join} from 'node:path';
import SSHConfig, {LineType, type Line} from 'ssh-config';
import {BerthError, describeError, systemCode} from '../../base/errors.ts';

/** What ssh's own configuration says about one host; what it does not say is left out. */
export interface HostSettings {
  hostName?: string;
  user?: string;
  port?: number;
  /** In order, as written: `~` and `%h` are not replaced yet. */
  identityFiles: readonly string[];
  identitiesOnly: boolean;
  identityAgent?: string;
  /** Which of the two was written first; `none` counts as neither. */
  proxy?: {kind: 'jump'; through: string} | {kind: 'command'};
  hostKeyAlias?: string;
  knownHostsFiles: readonly string[];
}

/** ssh's configuration of this user and of this machine. */
export interface SshConfig {
  lookup(host: string, user?: string): HostSettings;
}

/** Deeper Includes are a loop. Source: readconf.c of OpenSSH. */
const MOST_INCLUDES = 16;
/** `Match exec` runs a command of the reader's own configuration, as ssh does; the library knows only POSIX shells. */
const COMPUTE = {ignoreCase: true, matchExec: process.platform !== 'win32'};

export const homeFolder = (env: NodeJS.ProcessEnv): string => env.HOME ?? env.USERPROFILE ?? homedir();

/** The user that ssh logs in as when nothing names one. */
export const localUser = (env: NodeJS.ProcessEnv): string =>
  env.USER ?? env.LOGNAME ?? env.USERNAME ?? userInfo().username;

/** Reads `~/.ssh/config` and the machine's `ssh_config`; that there is none is fine. */
export async function readSshConfig(env: NodeJS.ProcessEnv): Promise<SshConfig> {
  const own = join(homeFolder(env), '.ssh');
  const system =
    process.platform === 'win32' ? join(env.ProgramData ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh';
  const lines = [
    ...(await readLines(join(own, 'config'), own, env, 0)),
    ...(await readLines(join(system, 'ssh_config'), system, env, 0)),
  ];
  const config = new SSHConfig();
  config.push(...lines);
  return {lookup: (host, user) => settingsOf(compute(config, host, user))};
}

async function readLines(
  file: string,
  folder: string,
  env: NodeJS.ProcessEnv,
  depth: number,
): Promise<Line[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw unreadable(file, error);
  }
  let lines: Line[];
  try {
    lines = [...SSHConfig.parse(text)];
  } catch (error) {
    throw unreadable(file, error);
  }
  if (depth >= MOST_INCLUDES) throw unreadable(file, new Error('too many levels of Include'));
  return await withIncludes(lines, folder, env, depth);
}

/** Puts what is included where its Include stands; inside a Host block only plain directives can stand. */
async function withIncludes(
  lines: readonly Line[],
  folder: string,
  env: NodeJS.ProcessEnv,
  depth: number,
): Promise<Line[]> {
  const all: Line[] = [];
  for (const line of lines) {
    if (line.type === LineType.DIRECTIVE && /^include$/i.test(line.param)) {
      for (const file of await includedFiles(valuesOf(line.value), folder, env)) {
        all.push(...(await readLines(file, folder, env, depth + 1)));
      }
      continue;
    }
    if ('config' in line) {
      const inner = await withIncludes(line.config, folder, env, depth);
      line.config.splice(0, line.config.length, ...inner.filter((one) => !('config' in one)));
    }
    all.push(line);
  }
  return all;
}

async function includedFiles(
  patterns: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    const wanted = pattern.replace(/^~(?=[/\\])/, () => homeFolder(env));
    const found = await Array.fromAsync(glob(isAbsolute(wanted) ? wanted : join(folder, wanted)));
    files.push(...found.sort());
  }
  return files;
}

function compute(config: SSHConfig, host: string, user: string | undefined): Record<string, unknown> {
  return config.compute({Host: host, ...(user !== undefined && {User: user})}, COMPUTE);
}

/** Keys are in lower case, in the order in which they were found. */
function settingsOf(found: Record<string, unknown>): HostSettings {
  const one = (key: string): string | undefined => valuesOf(found[key])[0];
  const port = Number(one('port'));
  const [hostName, user, identityAgent, hostKeyAlias] = [
    one('hostname'),
    one('user'),
    one('identityagent'),
    one('hostkeyalias'),
  ];
  const proxy = proxyOf(found);
  return {
    ...(hostName !== undefined && {hostName}),
    ...(user !== undefined && {user}),
    ...(Number.isInteger(port) && port > 0 && {port}),
    identityFiles: valuesOf(found.identityfile),
    identitiesOnly: /^yes$/i.test(one('identitiesonly') ?? ''),
    ...(identityAgent !== undefined && {identityAgent}),
    ...(proxy && {proxy}),
    ...(hostKeyAlias !== undefined && {hostKeyAlias}),
    knownHostsFiles: valuesOf(found.userknownhostsfile),
  };
}

function proxyOf(found: Record<string, unknown>): HostSettings['proxy'] {
  const first = Object.keys(found).find((key) => key === 'proxyjump' || key === 'proxycommand');
  const through = first === undefined ? undefined : valuesOf(found[first]).join(' ');
  if (through === undefined || /^none$/i.test(through)) return undefined;
  return first === 'proxyjump' ? {kind: 'jump', through} : {kind: 'command'};
}

/** The library gives a text, a list of texts, or a list of words with their quotes. */
function valuesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return [];
  return value.map((word: unknown) =>
    typeof word === 'object' && word !== null && 'val' in word ? String(word.val) : String(word),
  );
}

const unreadable = (file: string, cause: unknown): BerthError =>
  new BerthError({
    code: 'ssh_config_unreadable',
    what: (t) => t.ssh.configUnreadable({file}),
    why: () => describeError(cause),
    try: [`ssh -G -F ${file} localhost`],
    details: {file},
    cause,
  });
