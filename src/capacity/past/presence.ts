import type {Happened, Row, TenantKind} from './watched.ts';
import type {PastTenant} from './schema.ts';

/** Who is there now. */
export interface Present {
  key: string;
  name: string;
  user?: string | undefined;
  command?: string | undefined;
}

/** Who was on the device, and when: the model first, the others by the most that they held. Pure. */
export function presenceOf(
  rows: readonly Row[],
  events: readonly Happened[],
  {stepMs, present}: {stepMs: number; present: readonly Present[]},
): PastTenant[] {
  const known = identities(events, present);
  const found = new Map<string, PastTenant>();
  for (const {atMs, tenants} of rows) {
    const at = new Date(atMs).toISOString();
    for (const [key, {usedBytes, cpuRatio}] of Object.entries(tenants)) {
      const before = found.get(key);
      found.set(key, {
        ...(before ?? {key, kind: kindOf(key), name: nameOf(key), ...known.get(key)}),
        maxBytes: Math.max(before?.maxBytes ?? 0, usedBytes),
        maxCores: Math.max(before?.maxCores ?? 0, cpuRatio),
        firstSeen: before?.firstSeen ?? at,
        lastSeen: at,
        presentMs: (before?.presentMs ?? 0) + stepMs,
      });
    }
  }
  return [...found.values()].sort((a, b) => RANK[a.kind] - RANK[b.kind] || b.maxBytes - a.maxBytes);
}

const RANK: Readonly<Record<TenantKind, number>> = {
  model: 0,
  berth: 1,
  lease: 2,
  outsider: 2,
  rest: 3,
  unattributed: 4,
};

type Identity = Pick<PastTenant, 'name'> & Partial<Pick<PastTenant, 'user' | 'command'>>;

/** Who a key is, told when it came or by the present; the newest word counts. */
function identities(events: readonly Happened[], present: readonly Present[]): ReadonlyMap<string, Identity> {
  const known = new Map<string, Identity>();
  for (const {kind, tenant, numbers} of events.toSorted((a, b) => a.atMs - b.atMs)) {
    if (kind !== 'tenant-came' || tenant === undefined || typeof numbers.name !== 'string') continue;
    const {name, user, command} = numbers;
    known.set(tenant, {
      name,
      ...(typeof user === 'string' && {user}),
      ...(typeof command === 'string' && {command}),
    });
  }
  for (const {key, name, user, command} of present)
    known.set(key, {name, ...(user !== undefined && {user}), ...(command !== undefined && {command})});
  return known;
}

/** A key tells its kind: see `SampledTenant`. */
export function kindOf(key: string): TenantKind {
  if (key === 'model' || key === 'berth' || key === 'rest' || key === 'unattributed') return key;
  return key.startsWith('lease:') ? 'lease' : 'outsider';
}

/** What a key alone tells of a name. */
export function nameOf(key: string): string {
  const [, prefix, rest = key] = /^(lease|container|host):(.*)$/s.exec(key) ?? [];
  if (prefix === 'container') return rest.slice(0, 12);
  // `host:<user> <program>`: users have no blanks.
  return prefix === 'host' ? rest.slice(rest.indexOf(' ') + 1) : rest;
}
