/**
 * The line between a program and whoever keeps it alive: the IPC channel of a child process, or, in a
 * container, a socket file on which the program listens.
 */
import {chmodSync, rmSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {createInterface} from 'node:readline';

/** Environment variable with the socket's path; without it the line is IPC. */
export const KEEPER_SOCKET = 'BERTH_KEEPER_SOCKET';

export interface KeeperLine {
  /** Says how it stands with the program. A keeper that comes later hears the last of it first. */
  announce(state: object): Promise<void>;
  /** Answers what the keeper asks. */
  answer(handler: (question: unknown) => Promise<object>): void;
  /** A child process ends with its keeper. A container's keeper may come back, so there nothing is called. */
  orphaned(handler: () => void): void;
}

export function openKeeperLine(env: NodeJS.ProcessEnv): KeeperLine {
  const path = env[KEEPER_SOCKET];
  return path === undefined || path === '' ? ipcLine() : socketLine(path);
}

function ipcLine(): KeeperLine {
  const send = (message: object): Promise<void> => {
    const {promise, resolve} = Promise.withResolvers<undefined>();
    // A keeper that is gone hears nothing: `orphaned` tells of that.
    if (process.send) process.send(message, () => resolve(undefined));
    else resolve(undefined);
    return promise;
  };
  return {
    announce: send,
    answer: (handler) => process.on('message', (question) => void handler(question).then(send)),
    orphaned: (handler) => process.once('disconnect', handler),
  };
}

function socketLine(path: string): KeeperLine {
  let last: object | undefined;
  let handle: ((question: unknown) => Promise<object>) | undefined;
  const keepers = new Set<Socket>();
  const write = (keeper: Socket, message: object): void => void keeper.write(`${JSON.stringify(message)}\n`);
  const server = createServer((keeper) => {
    keepers.add(keeper);
    keeper.on('error', () => keeper.destroy()).once('close', () => keepers.delete(keeper));
    createInterface({input: keeper}).on('line', (line) => {
      void handle?.(JSON.parse(line)).then((reply) => write(keeper, reply));
    });
    if (last) write(keeper, last);
  });
  // Left by a program that was killed.
  rmSync(path, {force: true});
  // The keeper runs as another user; the folder is shared with it alone.
  server.listen(path, () => chmodSync(path, 0o666));
  server.unref();
  return {
    announce(state) {
      last = state;
      for (const keeper of keepers) write(keeper, state);
      return Promise.resolve();
    },
    answer(handler) {
      handle = handler;
    },
    orphaned: () => undefined,
  };
}
