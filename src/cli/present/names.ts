import type {Texts} from '../../base/texts/index.ts';
import type {PastTenant} from '../../capacity/index.ts';

/** The name of a tenant as it is told to a person. */
export function tenantName(t: Texts, {key, kind, name}: Pick<PastTenant, 'key' | 'kind' | 'name'>): string {
  switch (kind) {
    case 'model':
    case 'lease':
      return `${name} (${t.past.tenantKinds[kind]})`;
    case 'outsider': {
      // Programs of one name may be those of several users, or in several containers.
      const [, user, container] = /^(?:host:(\S+) |container:(\w{12}))/.exec(key) ?? [];
      const where = user ?? (container === undefined || name === container ? undefined : `@${container}`);
      return where === undefined ? name : `${name} (${where})`;
    }
    case 'berth':
    case 'rest':
    case 'unattributed':
      return t.past.tenantKinds[kind];
  }
}

/** A watch of a newer version may know kinds that this one does not. */
export const kindName = (t: Texts, kind: string): string =>
  Object.entries(t.past.kinds).find(([name]) => name === kind)?.[1] ?? kind;
