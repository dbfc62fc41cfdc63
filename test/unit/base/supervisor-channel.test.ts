import {once} from 'node:events';
import {mkdtemp, rm, stat} from 'node:fs/promises';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {expect, it} from 'vitest';
import {openSupervisorChannel, SUPERVISOR_SOCKET} from '../../../src/base/supervisor-channel.ts';

/** A supervisor that has connected, and what it hears line by line. */
async function supervisor(path: string): Promise<{socket: Socket; hear: () => Promise<unknown>}> {
  const socket = connect(path);
  await once(socket, 'connect');
  const lines = createInterface({input: socket})[Symbol.asyncIterator]();
  return {
    socket,
    hear: async () => {
      const {value} = await lines.next();
      return JSON.parse(String(value)) as unknown;
    },
  };
}

it('in a container: each supervisor hears the last state and has its questions answered', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-channel-'));
  const path = join(folder, 'program.sock');
  const channel = openSupervisorChannel({[SUPERVISOR_SOCKET]: path});
  channel.answer((question) => Promise.resolve({answered: question}));
  try {
    await expect
      .poll(() =>
        stat(path).then(
          ({mode}) => mode & 0o777,
          () => 0,
        ),
      )
      .toBe(0o666);
    const first = await supervisor(path);
    await channel.announce({ready: true});
    expect(await first.hear()).toEqual({ready: true});
    first.socket.write('{"id":1}\n');
    expect(await first.hear()).toEqual({answered: {id: 1}});
    // Killed in the middle of a question: the program goes on, and the next one knows where it stands.
    first.socket.write('{"id":2');
    first.socket.destroy();
    const second = await supervisor(path);
    expect(await second.hear()).toEqual({ready: true});
    second.socket.write('{"id":3}\n');
    expect(await second.hear()).toEqual({answered: {id: 3}});
    second.socket.destroy();
  } finally {
    await rm(folder, {recursive: true});
  }
});
