import {once} from 'node:events';
import {createServer} from 'node:http';
import {type AddressInfo, type ListenOptions} from 'node:net';
import {chmod, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {describe, expect, it} from 'vitest';
import {systemClock} from '../../../src/base/clock.ts';
import {BerthError} from '../../../src/base/errors.ts';
import {openLocalHost} from '../../../src/hosts/index.ts';
import {temporaryFolder} from '../../support/temporary.ts';

const open = (env: NodeJS.ProcessEnv) => openLocalHost({stateRoot: '/nowhere', clock: systemClock, env});

/** A real HTTP server where Docker's would be. */
async function serve(where: ListenOptions): Promise<AddressInfo & AsyncDisposable> {
  const server = createServer((request, response) => response.end(`you asked ${request.url ?? ''}`)).listen(
    where,
  );
  await once(server, 'listening');
  return {
    ...(server.address() as AddressInfo),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function ask(env: NodeJS.ProcessEnv): Promise<string> {
  await using host = open(env);
  const stream = await host.connectDocker();
  stream.end('GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n');
  return await text(stream);
}

const codeOf = (env: NodeJS.ProcessEnv): Promise<unknown> =>
  ask(env).then(
    () => 'answered',
    (error: unknown) => (error instanceof BerthError ? error.code : error),
  );

describe.skipIf(process.platform === 'win32')("this machine's Docker", () => {
  it('is where DOCKER_HOST says: a unix socket or a TCP address', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'docker.sock');
    await using _socket = await serve({path});
    await using tcp = await serve({port: 0, host: '127.0.0.1'});
    expect(await ask({DOCKER_HOST: `unix://${path}`})).toContain('you asked /_ping');
    expect(await ask({DOCKER_HOST: `tcp://127.0.0.1:${tcp.port}`})).toContain('you asked /_ping');
  });

  it('is missing where there is neither a socket nor the command, else it does not run', async () => {
    await using folder = await temporaryFolder();
    const env = {DOCKER_HOST: `unix://${join(folder.path, 'docker.sock')}`, PATH: folder.path};
    expect(await codeOf(env)).toBe('docker_missing');
    await writeFile(join(folder.path, 'docker'), '#!/bin/sh\n');
    await chmod(join(folder.path, 'docker'), 0o755);
    expect(await codeOf(env)).toBe('docker_not_running');
  });

  it('does not run where its socket is left and nobody listens', async () => {
    await using free = await serve({port: 0, host: '127.0.0.1'});
    const port = free.port;
    await free[Symbol.asyncDispose]();
    expect(await codeOf({DOCKER_HOST: `tcp://127.0.0.1:${port}`, PATH: ''})).toBe('docker_not_running');
  });

  it('is refused an SSH address, and told how to get such a host', async () => {
    await using host = open({DOCKER_HOST: 'ssh://me@there'});
    await expect(host.connectDocker()).rejects.toMatchObject({
      code: 'docker_host_unusable',
      try: ['berth host add NAME ssh://me@there'],
    });
  });
});
