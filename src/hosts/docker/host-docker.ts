import type {Duplex} from 'node:stream';
import {openDocker} from './docker.ts';
import {asking} from './failures.ts';
import {runInImage} from './run-in-image.ts';
import type {HostFiles, ImageProgram} from '../host.ts';
import type {WatchAccount} from '../runtimes/docker/containers.ts';
import {DockerRuntime, type DockerRuntimeOptions} from '../runtimes/docker/docker-runtime.ts';

export interface HostDockerOptions extends Omit<DockerRuntimeOptions, 'docker'> {
  connect: () => Promise<Duplex>;
  files: HostFiles;
  account: () => Promise<WatchAccount>;
}

/** What a host does with its Docker. In a file of its own, because its libraries take a while to load. */
export interface HostDocker extends Disposable {
  runtime: DockerRuntime;
  runInImage(program: ImageProgram): Promise<Duplex>;
}

export function openHostDocker({connect, ...options}: HostDockerOptions): HostDocker {
  const docker = openDocker(connect);
  const runtime = new DockerRuntime({...options, docker});
  return {
    runtime,
    async runInImage(program) {
      // Docker would make a folder that is not there itself, for root alone.
      for (const {path} of program.mounts) await options.files.claimFolder(path);
      const {uid, gid} = await options.account();
      return await asking(() => runInImage(docker.raw, program, `${uid}:${gid}`));
    },
    [Symbol.dispose]: () => runtime[Symbol.dispose](),
  };
}
