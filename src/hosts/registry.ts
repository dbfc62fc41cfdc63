import {mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {BerthError, ExitCode, systemCode} from '../base/errors.ts';
import {readJson, writeJson} from '../base/files.ts';
import {nearest} from '../base/nearest.ts';

const hostKeySchema = z.object({type: z.string(), fingerprint: z.string()});

/** What this client remembers of a machine. Nothing secret. */
export const hostRecordSchema = z.object({
  schema: z.literal('berth.host-record/1'),
  name: z.string(),
  /** As it was typed: `ssh://me@10.0.0.7`, or an alias of ssh's configuration. */
  target: z.string(),
  /** Absolute path of the only key to log in with; what ssh would use when left out. */
  identity: z.string().optional(),
  /** The keys that each machine on the way may show, by `address:port`. */
  hostKeys: z.record(z.string(), z.array(hostKeySchema)),
});
export type HostRecord = z.infer<typeof hostRecordSchema>;

/** The machines that this client knows; `local` is not among them and always there. */
export interface HostRegistry {
  /** By name. */
  list(): Promise<HostRecord[]>;
  /** Fails with `host_unknown`, and the names that may have been meant. */
  find(name: string): Promise<HostRecord>;
  save(record: HostRecord): Promise<void>;
  remove(name: string): Promise<void>;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;

/** Refuses what cannot be the name of a machine. */
export function checkHostName(name: string): void {
  if (name !== 'local' && NAME.test(name)) return;
  throw new BerthError({
    code: 'host_name_invalid',
    what: (t) => (name === 'local' ? t.ssh.hostNameTaken() : t.ssh.hostNameInvalid({name})),
    try: ['berth host add gpu1 ssh://me@192.168.1.20'],
    exit: ExitCode.usage,
    details: {name},
  });
}

/** One JSON file a machine, in the folder `hosts` of this client's configuration. */
export function hostRegistry(configFolder: string): HostRegistry {
  const folder = join(configFolder, 'hosts');
  const fileOf = (name: string): string => join(folder, `${name}.json`);
  const names = async (): Promise<string[]> => {
    const files = await readdir(folder).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    });
    return files
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
  };
  const find = async (name: string): Promise<HostRecord> => {
    const record = NAME.test(name) ? await readJson(fileOf(name), hostRecordSchema) : undefined;
    if (record) return record;
    throw hostUnknown(name, await names());
  };
  return {
    list: async () => Promise.all((await names()).map(find)),
    find,
    async save(record) {
      await mkdir(folder, {recursive: true, mode: 0o700});
      await writeJson(fileOf(record.name), record);
    },
    async remove(name) {
      await find(name);
      await rm(fileOf(name), {force: true});
    },
  };
}

function hostUnknown(name: string, known: readonly string[]): BerthError {
  const meant = nearest(name, ['local', ...known]);
  return new BerthError({
    code: 'host_unknown',
    what: (t) => t.ssh.hostUnknown({name}),
    try: [
      ...meant.map((near) => `berth host check ${near}`),
      `berth host add ${NAME.test(name) ? name : 'NAME'} ssh://USER@ADDRESS`,
      'berth host ls',
    ],
    exit: ExitCode.usage,
    details: {name, known: ['local', ...known]},
  });
}
