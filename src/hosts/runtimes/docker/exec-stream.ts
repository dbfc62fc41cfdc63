import type {Duplex} from 'node:stream';
import type Dockerode from 'dockerode';
import {stdioStream} from '../../docker/stdio-stream.ts';

/** A program inside a running container, as a stream: its input and its output. */
export async function execStream(
  docker: Dockerode,
  container: string,
  argv: readonly string[],
): Promise<Duplex> {
  const exec = await docker.getContainer(container).exec({
    Cmd: [...argv],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  return stdioStream(await exec.start({hijack: true, stdin: true}), docker.modem);
}
