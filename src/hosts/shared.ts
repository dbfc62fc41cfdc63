import type {Host} from './host.ts';

interface Shared {
  host: Promise<Host>;
  users: number;
}

/**
 * Opens each machine once, however many ask for it, and closes it when the last of them is done: one SSH connection
 * a machine, not one a caller.
 */
export function shareHosts(open: (name: string) => Promise<Host>): (name: string) => Promise<Host> {
  const hosts = new Map<string, Shared>();
  return async (name) => {
    const shared = hosts.get(name) ?? {host: open(name), users: 0};
    hosts.set(name, shared);
    shared.users++;
    const leave = async (): Promise<void> => {
      if (--shared.users > 0) return;
      if (hosts.get(name) === shared) hosts.delete(name);
      await shared.host.then((host) => host[Symbol.asyncDispose]());
    };
    try {
      const host = await shared.host;
      let left = false;
      return {
        ...host,
        async [Symbol.asyncDispose]() {
          if (left) return;
          left = true;
          await leave();
        },
      };
    } catch (error) {
      if (--shared.users === 0 && hosts.get(name) === shared) hosts.delete(name);
      throw error;
    }
  };
}
