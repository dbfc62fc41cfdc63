import {Duplex, PassThrough} from 'node:stream';
import type Dockerode from 'dockerode';

/**
 * A program inside a running container, as a stream: what is written goes to its input, what is read is its
 * output. What it says on stderr becomes the error when it ends without any output.
 */
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
  const raw = await exec.start({hijack: true, stdin: true});
  const output = new PassThrough();
  const complaints = new PassThrough();
  let complaint = '';
  complaints.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  docker.modem.demuxStream(raw, output, complaints);
  const stream = new Duplex({
    read: () => void output.resume(),
    write: (chunk, encoding, done) => void raw.write(chunk, encoding, done),
    final: (done) => void raw.end(done),
    destroy: (error, done) => {
      raw.destroy();
      done(error);
    },
  });
  output.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) output.pause();
  });
  output.once('end', () => {
    if (complaint === '') stream.push(null);
    else stream.destroy(Object.assign(new Error(complaint.trim()), {code: 'ECONNREFUSED'}));
  });
  const finish = (): void => void output.end();
  raw.once('end', finish).once('close', finish);
  raw.once('error', (error) => stream.destroy(error));
  return stream;
}
