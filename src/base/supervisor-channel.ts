/**
 * The channel between a program and the supervisor that keeps it alive: the IPC channel of a child process, or, in a
 * container, a socket file on which the program listens.
 */
import {chmodSync, rmSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {hearJsonLines} from './json-lines.ts';

/** Environment variable with the socket's path; without it the channel is IPC. */
export const SUPERVISOR_SOCKET = 'BERTH_SUPERVISOR_SOCKET';

export interface SupervisorChannel {
  /** Says how it stands with the program. A supervisor that comes later hears the last of it first. */
  announce(state: object): Promise<void>;
  /** Answers what the supervisor asks. */
  answer(handler: (question: unknown) => Promise<object>): void;
  /** A child process ends with its supervisor. A container's supervisor may come back, so there nothing is called. */
  orphaned(handler: () => void): void;
}

export function openSupervisorChannel(env: NodeJS.ProcessEnv): SupervisorChannel {
  const path = env[SUPERVISOR_SOCKET];
  return path === undefined || path === '' ? ipcChannel() : socketChannel(path);
}

function ipcChannel(): SupervisorChannel {
  const send = (message: object): Promise<void> => {
    const {promise, resolve} = Promise.withResolvers<undefined>();
    // A supervisor that is gone hears nothing: `orphaned` tells of that.
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

function socketChannel(path: string): SupervisorChannel {
  let last: object | undefined;
  let handle: ((question: unknown) => Promise<object>) | undefined;
  const supervisors = new Set<Socket>();
  const write = (supervisor: Socket, message: object): void =>
    void supervisor.write(`${JSON.stringify(message)}\n`);
  const server = createServer((supervisor) => {
    supervisors.add(supervisor);
    supervisor.on('error', () => supervisor.destroy()).once('close', () => supervisors.delete(supervisor));
    void hearJsonLines(supervisor, (question) => {
      void handle?.(question).then((reply) => write(supervisor, reply));
    });
    if (last) write(supervisor, last);
  });
  // Left by a program that was killed.
  rmSync(path, {force: true});
  // The supervisor runs as another user; the folder is shared with it alone.
  server.listen(path, () => chmodSync(path, 0o666));
  server.unref();
  return {
    announce(state) {
      last = state;
      for (const supervisor of supervisors) write(supervisor, state);
      return Promise.resolve();
    },
    answer(handler) {
      handle = handler;
    },
    orphaned: () => undefined,
  };
}
