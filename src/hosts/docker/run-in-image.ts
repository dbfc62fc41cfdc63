import {randomBytes} from 'node:crypto';
import type {Duplex} from 'node:stream';
import type Dockerode from 'dockerode';
import type {ContainerCreateOptions} from 'dockerode';
import {gib} from '../../base/units.ts';
import type {ImageProgram} from '../host.ts';
import {gpuRequest, MOMENTARY, OBSERVING, protections, removeContainer, samePlace} from './container.ts';
import {stdioStream} from './stdio-stream.ts';

const MEMORY = gib(1);

/** How a short-lived program is run, decided apart from running it. `owner` is `uid:gid`. */
export function imageProgramContainer(program: ImageProgram, owner: string): ContainerCreateOptions {
  const observer = program.as === 'observer';
  return {
    Image: program.image,
    Cmd: [...program.argv],
    Env: ['HOME=/tmp'],
    User: observer ? '0:0' : owner,
    WorkingDir: '/tmp',
    Labels: MOMENTARY,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      ...protections(),
      AutoRemove: true,
      NetworkMode: program.network ? 'bridge' : 'none',
      Binds: samePlace(program.mounts),
      // An observer with a limit of its own would take that for the machine's.
      ...(observer ? {PidMode: 'host', CgroupnsMode: 'host' as const, CapAdd: OBSERVING} : {Memory: MEMORY}),
      ...(program.gpus && {DeviceRequests: [gpuRequest('all')]}),
    },
  };
}

/** Runs it; the stream is its input and output, and when it is destroyed the container goes. */
export async function runInImage(docker: Dockerode, program: ImageProgram, owner: string): Promise<Duplex> {
  const container = await docker.createContainer({
    name: `berth-agent-${randomBytes(6).toString('hex')}`,
    ...imageProgramContainer(program, owner),
  });
  try {
    const raw = await container.attach({stream: true, hijack: true, stdin: true, stdout: true, stderr: true});
    await container.start();
    return stdioStream(raw, docker.modem);
  } catch (error) {
    // Why it could not start matters more than that it is left to be swept.
    await removeContainer(container).catch(() => undefined);
    throw error;
  }
}
