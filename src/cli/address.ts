/**
 * Says next commands in full. What fails deep below does not know on which machine a person works, so that errors
 * and results name bare commands (`berth logs`); here they get the flags that lead to the same deployment.
 */

/** Which deployment, on which machine. What is left out is the default. */
export interface Address {
  host?: string | undefined;
  name?: string | undefined;
  config?: string | undefined;
  /** What was to be deployed there, as it was typed: the next deploy is to be about the same. */
  wish?: Wish;
}

type AddressFlag = 'host' | 'name' | 'config';

/** Each flag of a deploy that says what is deployed, and those that a next command must not name for it to hold. */
const WISHES = {
  model: [],
  variant: ['model', 'engine'],
  profile: ['model', 'engine'],
  engine: ['model'],
  runtime: ['model', 'engine'],
} as const;
type WishFlag = keyof typeof WISHES;
export type Wish = Readonly<Partial<Record<WishFlag, string>>>;

const DEPLOYMENT: readonly AddressFlag[] = ['host', 'name', 'config'];

/** The commands that take such flags, and which. A contract test holds this against the commands themselves. */
export const ADDRESSED: Readonly<Record<string, readonly AddressFlag[]>> = {
  'alerts ls': DEPLOYMENT,
  'alerts test': DEPLOYMENT,
  capacity: DEPLOYMENT,
  chat: DEPLOYMENT,
  deploy: DEPLOYMENT,
  doctor: DEPLOYMENT,
  'guard log': DEPLOYMENT,
  'guard status': DEPLOYMENT,
  health: DEPLOYMENT,
  'image build': ['host'],
  'image ls': ['host'],
  'image prune': ['host'],
  'lease add': ['host'],
  'lease adopt': ['host'],
  'lease ls': ['host'],
  'lease resize': ['host'],
  'lease rm': ['host'],
  'lease show': ['host'],
  logs: DEPLOYMENT,
  monitor: DEPLOYMENT,
  plan: DEPLOYMENT,
  releases: DEPLOYMENT,
  rollback: DEPLOYMENT,
  start: DEPLOYMENT,
  status: DEPLOYMENT,
  stop: DEPLOYMENT,
  tunnel: DEPLOYMENT,
};

const SHORT: Readonly<Partial<Record<string, AddressFlag>>> = {'-n': 'name', '-c': 'config'};

/** The address that a command line names. Pure; also for a line that cannot be parsed otherwise. */
export function addressIn(argv: readonly string[]): Address {
  const end = argv.indexOf('--');
  const address: Address = {};
  for (const [index, word] of (end === -1 ? argv : argv.slice(0, end)).entries()) {
    const [, long, inline] = /^--(host|name|config)(?:=(.*))?$/.exec(word) ?? [];
    const flag = (long as AddressFlag | undefined) ?? SHORT[word];
    const value = inline ?? argv[index + 1];
    if (flag !== undefined && value !== undefined) address[flag] = value;
  }
  return address;
}

/** What a command line asks to deploy. Pure. */
export function wishIn(argv: readonly string[]): Wish {
  const wish: Partial<Record<WishFlag, string>> = {};
  for (const [index, word] of argv.entries()) {
    const [, long, inline] = /^--(model|variant|profile|engine|runtime)(?:=(.*))?$/.exec(word) ?? [];
    const flag = (long as WishFlag | undefined) ?? (word === '-m' ? 'model' : undefined);
    const value = inline ?? argv[index + 1];
    if (flag !== undefined && value !== undefined) wish[flag] = value;
  }
  return wish;
}

/** The address of something that a result names, without what is the default anyway. Pure. */
export const addressOf = ({host, deployment}: {host: string; deployment: string}): Address => ({
  ...(host !== 'local' && {host}),
  ...(deployment !== 'default' && {name: deployment}),
});

/** The command with the flags for this address that it takes and does not have yet; other programs stay. Pure. */
export function addressed(command: string, address: Address): string {
  const [, before = '', words = ''] =
    /^((?:\w+=\S+ |sudo )*)berth ((?:[a-z]+)(?: [a-z]+)?)/.exec(command) ?? [];
  const [first = ''] = words.split(' ');
  const id = [words, first].find((candidate) => candidate in ADDRESSED);
  if (id === undefined) return command;
  const names = (flag: string): boolean => new RegExp(`\\s--${flag}\\b`).test(command);
  const typed = (flag: string, value: string | undefined): string[] =>
    value === undefined || names(flag) ? [] : [` --${flag} ${shellWord(value)}`];
  const flags = (ADDRESSED[id] ?? []).flatMap((flag) => typed(flag, address[flag]));
  const wishes = Object.keys(WISHES) as WishFlag[];
  const same = id === 'deploy' ? wishes.filter((flag) => !WISHES[flag].some(names)) : [];
  const head = `${before}berth ${id}`;
  return [
    head,
    ...flags,
    ...same.flatMap((flag) => typed(flag, address.wish?.[flag])),
    command.slice(head.length),
  ].join('');
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
