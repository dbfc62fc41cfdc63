import {connect as connectSocket, type Socket} from 'node:net';
import {once} from 'node:events';
import {Duplex} from 'node:stream';
import {describe, expect, it} from 'vitest';
import {openDocker} from '../../../src/hosts/docker/docker.ts';
import {needsDocker} from '../../rig/rig.ts';

const SOCKET = '/var/run/docker.sock';

async function openSocket(): Promise<Socket> {
  const socket = connectSocket(SOCKET);
  await once(socket, 'connect');
  return socket;
}

/** A stream that is no socket and lacks its methods, as a channel of an SSH connection. */
async function openPlain(): Promise<Duplex> {
  const socket = await openSocket();
  return Duplex.from({readable: socket, writable: socket});
}

describe.skipIf(await needsDocker())('a Docker engine over streams', () => {
  it('tells version and facts', async () => {
    using docker = openDocker(openSocket);
    const {version, api, os, arch} = await docker.version();
    expect([version, api, os, arch]).toEqual([
      expect.stringMatching(/^\d+\.\d+/),
      expect.stringMatching(/^1\.\d+$/),
      'linux',
      expect.stringMatching(/^(amd64|arm64)$/),
    ]);
    const info = await docker.info();
    expect(info.rootFolder).toBe('/var/lib/docker');
    expect(info.runtimes).toContain('runc');
    expect(info.memoryBytes).toBeGreaterThan(2 ** 28);
  });

  it.each([
    ['sockets', openSocket],
    ['plain streams', openPlain],
  ])('uses one stream for many calls: %s', async (_kind, open) => {
    let opened = 0;
    using docker = openDocker(async () => {
      opened += 1;
      return open();
    });
    for (let call = 0; call < 20; call++) await docker.version();
    expect(opened).toBe(1);
    await Promise.all([docker.version(), docker.version(), docker.version()]);
    expect(opened).toBeLessThanOrEqual(3);
  });

  it('opens a new stream when the engine closed the old one', async () => {
    const streams: Socket[] = [];
    using docker = openDocker(async () => {
      const stream = await openSocket();
      streams.push(stream);
      return stream;
    });
    await docker.version();
    const closed = streams.map((stream) => once(stream, 'close'));
    for (const stream of streams) stream.destroy();
    await Promise.all(closed);
    await docker.version();
    expect(streams).toHaveLength(2);
  });

  it('hands on why no stream can be opened', async () => {
    using docker = openDocker(() => Promise.reject(new Error('no way there')));
    await expect(docker.version()).rejects.toThrow('no way there');
  });

  it('does not let the environment decide which engine is asked', async () => {
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = 'tcp://192.0.2.1:2375';
    try {
      using docker = openDocker(openSocket);
      expect((await docker.version()).os).toBe('linux');
    } finally {
      if (before === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = before;
    }
  });
});
