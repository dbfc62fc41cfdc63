import {readFile} from 'node:fs/promises';
import {dirname, relative, resolve} from 'node:path';
import type {z} from 'zod';
import {BerthError, describeError, ExitCode, systemCode} from '../../base/errors.ts';
import {Secret} from '../../base/secret.ts';
import {explainIssue, type Mistake} from './issues.ts';
import {settingsSchema, type Settings} from './settings.ts';

/** The file that is read when none is named, if it is there. */
const DEFAULT_FILE = 'berth.yaml';

/** Nobody writes this much by hand; a larger file is a mistake (a model, a log). */
const LARGEST_FILE_BYTES = 1024 * 1024;

/**
 * What the command line can say of the settings. Other flags of a command may stand beside them: they
 * are not settings and are left alone.
 */
export interface SettingsFlags {
  name?: string | undefined;
  host?: string | undefined;
  runtime?: string | undefined;
  model?: string | undefined;
  variant?: string | undefined;
  engine?: string | undefined;
  profile?: string | undefined;
  context?: number | undefined;
  concurrency?: number | undefined;
  kv?: string | undefined;
  threads?: number | undefined;
  card?: string | undefined;
  budget?: number | string | undefined;
  drain?: number | string | undefined;
  address?: string | undefined;
  port?: number | undefined;
  update?: string | undefined;
  /** The base of every image that is built. */
  base?: string | undefined;
  'registry-prefix'?: string | undefined;
  cuda?: string | undefined;
}

export interface LoadOptions {
  /** Path of the file; `berth.yaml` in `cwd` when undefined and there. */
  file?: string | undefined;
  /** What the command line says: it wins over the file. */
  flags?: SettingsFlags | undefined;
  cwd: string;
}

export interface LoadedSettings {
  settings: Settings;
  /** Absolute path of the file that was read, if any. */
  file: string | undefined;
}

/**
 * Settings from the file and the command line. A mistake in either is a BerthError (exit 2) that names
 * `file:line:column` or the flag, the key, and what is allowed.
 */
export async function loadSettings(options: LoadOptions): Promise<Settings> {
  const {settings} = await loadSettingsFrom(options);
  return settings;
}

/** Like `loadSettings`, and says which file it was. */
export async function loadSettingsFrom({file, flags = {}, cwd}: LoadOptions): Promise<LoadedSettings> {
  const path = resolve(cwd, file ?? DEFAULT_FILE);
  const text = await readSettings(path, file !== undefined);
  const written = text === undefined ? {} : await parseFile(text, relative(cwd, path) || path);
  const wanted = merge(written, settingsOf(flags));
  const parsed = settingsSchema.safeParse(wanted);
  if (!parsed.success) throw flagError(parsed.error.issues, wanted);
  const settings = withPathsFrom(dirname(path), parsed.data);
  return {settings, file: text === undefined ? undefined : path};
}

/** A path in the file is meant from where the file lies. */
function withPathsFrom(folder: string, settings: Settings): Settings {
  const models = Object.entries(settings.models).map(([name, model]) => [
    name,
    model.path === undefined ? model : {...model, path: resolve(folder, model.path)},
  ]);
  const webhooks = settings.alerts.webhooks.map(({url, secret, ...rest}) => ({
    ...rest,
    url: fileFrom(folder, url),
    ...(secret && {secret: fileFrom(folder, secret)}),
  }));
  return {
    ...settings,
    models: Object.fromEntries(models) as Settings['models'],
    alerts: {...settings.alerts, webhooks},
  };
}

function fileFrom(folder: string, secret: Secret): Secret {
  const [, path] = /^file:(.+)$/s.exec(secret.reveal()) ?? [];
  return path === undefined ? secret : new Secret(`file:${resolve(folder, path)}`);
}

/** Flags that are called as the settings are. */
const SAME_NAME = [
  'host',
  'runtime',
  'model',
  'variant',
  'engine',
  'profile',
  'context',
  'concurrency',
  'kv',
  'threads',
  'budget',
  'drain',
  'update',
  'card',
] as const satisfies readonly (keyof SettingsFlags & keyof Settings)[];

function settingsOf(flags: SettingsFlags): object {
  const {base} = flags;
  return {
    ...Object.fromEntries(SAME_NAME.map((name) => [name, flags[name]])),
    deployment: flags.name,
    gateway: {address: flags.address, port: flags.port},
    images: {
      base: base === undefined ? undefined : {berth: base, 'llama-cpp': base, vllm: base},
      registryPrefix: flags['registry-prefix'],
      cuda: flags.cuda,
    },
  };
}

async function readSettings(path: string, mustExist: boolean): Promise<string | undefined> {
  try {
    const content = await readFile(path);
    if (content.length > LARGEST_FILE_BYTES) throw unreadable(path, 'larger than 1 MiB');
    return content.toString('utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (error instanceof BerthError) throw error;
    if (systemCode(error) === 'ENOENT' && !mustExist) return undefined;
    throw unreadable(path, describeError(error), error);
  }
}

const unreadable = (path: string, reason: string, cause?: unknown): BerthError =>
  new BerthError({
    code: 'config_unreadable',
    what: (t) => t.config.unreadable({path, reason}),
    try: [`ls -l ${path}`],
    exit: ExitCode.usage,
    details: {path},
    cause,
  });

/** What the file says, checked by itself first, so that every mistake in it can be shown at its place. */
async function parseFile(text: string, name: string): Promise<object> {
  const {readYaml} = await import('./yaml.ts');
  const document = readYaml(text);
  if (document.state === 'broken') throw fileError(name, document.mistakes);
  const parsed = settingsSchema.safeParse(document.value);
  if (parsed.success) return document.value as object;
  const mistakes = parsed.error.issues
    .flatMap((issue) => explainIssue(issue, document.value))
    .map((mistake) => ({...mistake, ...document.placeOf(mistake)}));
  throw fileError(name, mistakes);
}

type PlacedMistake = Mistake & {line: number; column: number};

function fileError(name: string, mistakes: readonly PlacedMistake[]): BerthError {
  const sorted = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return new BerthError({
    code: 'config_invalid',
    what: (t) => sorted.map(({line, column, say}) => `${name}:${line}:${column}: ${say(t)}`).join('\n'),
    exit: ExitCode.usage,
    try: [`berth config check ${name}`],
    details: {
      file: name,
      mistakes: sorted.map(({line, column, path}) => ({line, column, key: path.join('.')})),
    },
  });
}

/** The file alone was right, so what is wrong came from the command line. */
function flagError(issues: readonly z.core.$ZodIssue[], value: unknown): BerthError {
  const mistakes = issues.flatMap((issue) => explainIssue(issue, value, flagOf));
  return new BerthError({
    code: 'usage',
    what: (t) => mistakes.map(({say}) => say(t)).join('\n'),
    try: ['berth deploy --help'],
    exit: ExitCode.usage,
    details: {mistakes: mistakes.map(({path}) => ({key: path.join('.')}))},
  });
}

/** `gateway.port` is `--port`, and the deployment is named by `--name`. */
function flagOf(path: readonly PropertyKey[]): string {
  const key = String(path.at(-1) ?? '');
  return key === 'deployment'
    ? '--name'
    : `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Lays what is defined in `over` upon `under`; objects are merged key by key. */
function merge(under: object, over: object): object {
  const merged: Record<string, unknown> = {...under};
  for (const [key, value] of Object.entries(over) as [string, unknown][]) {
    if (value === undefined) continue;
    const below = merged[key];
    merged[key] = isObject(value) ? merge(isObject(below) ? below : {}, value) : value;
  }
  return merged;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The settings as a berth.yaml that says everything. */
export async function renderSettings(settings: Settings): Promise<string> {
  const {writeYaml} = await import('./yaml.ts');
  return writeYaml(settings);
}
