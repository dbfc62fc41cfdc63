import {join} from 'node:path/posix';
import {BerthError, ExitCode} from '../../base/errors.ts';
import {stateFileDamaged} from '../../base/files.ts';
import {nearest} from '../../base/nearest.ts';
import type {Host} from '../../hosts/index.ts';
import {LEASE_NAME, leaseSchema, type Lease} from './lease.ts';

/** The part of a host that keeps leases. */
export type LeaseKeeper = Pick<Host, 'stateRoot' | 'files'>;

/** Where leases lie on a host: one file each. A deployment's name cannot begin with a dot. */
export const leasesFolder = (stateRoot: string): string => join(stateRoot, '.leases');

const fileOf = (stateRoot: string, name: string): string =>
  join(leasesFolder(stateRoot), `${checkedName(name)}.json`);

/** The leases of a host, on all its devices. Whoever changes them holds the lock (`changeLeases`). */
export interface LeaseRegistry {
  /** Sorted by name. A file that cannot be read is named in an error, not passed over: it may hold a promise. */
  all(): Promise<Lease[]>;
  /** @throws BerthError `lease_unknown`, with the names that may have been meant. */
  find(name: string): Promise<Lease>;
  save(lease: Lease): Promise<void>;
  remove(name: string): Promise<void>;
}

export function leaseRegistry({stateRoot, files}: LeaseKeeper): LeaseRegistry {
  const read = async (name: string): Promise<Lease | undefined> => {
    const path = fileOf(stateRoot, name);
    const text = await files.read(path);
    return text === undefined ? undefined : parseLease(text, path);
  };
  const names = async (): Promise<string[]> =>
    (await files.list(leasesFolder(stateRoot))).flatMap((file) => {
      const name = file.replace(/\.json$/, '');
      return name !== file && LEASE_NAME.test(name) ? [name] : [];
    });
  return {
    async all() {
      const found = await Promise.all((await names()).map(read));
      return found.filter((lease) => lease !== undefined);
    },
    async find(name) {
      const lease = LEASE_NAME.test(name) ? await read(name) : undefined;
      if (lease) return lease;
      throw leaseUnknown(name, await names());
    },
    save: (lease) =>
      files.write(
        fileOf(stateRoot, lease.name),
        `${JSON.stringify(leaseSchema.parse(lease), undefined, 2)}\n`,
      ),
    remove: (name) => files.remove(fileOf(stateRoot, name)),
  };
}

/** A lease from the text of its file. `path` names it in the error. */
export function parseLease(text: string, path: string): Lease {
  try {
    return leaseSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw stateFileDamaged(path, cause);
  }
}

/** The name, when it can be a lease's: it becomes part of a path. */
export function checkedName(name: string): string {
  if (LEASE_NAME.test(name)) return name;
  throw new BerthError({
    code: 'lease_name_invalid',
    what: (t) => t.lease.nameInvalid({name}),
    try: ['berth lease add comfyui --vram 6GiB'],
    exit: ExitCode.usage,
    details: {name},
  });
}

export const leaseUnknown = (name: string, known: readonly string[]): BerthError =>
  new BerthError({
    code: 'lease_unknown',
    what: (t) => t.lease.unknown({name}),
    try: [...nearest(name, known).map((near) => `berth lease show ${near}`), 'berth lease ls'],
    exit: ExitCode.usage,
    details: {name, known},
  });
