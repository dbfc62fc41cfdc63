import {Duplex, PassThrough} from 'node:stream';
import type Dockerode from 'dockerode';

/**
 * A program's input and output of what Docker attaches to it. What it says on stderr becomes the error when it
 * ends.
 */
export function stdioStream(raw: NodeJS.ReadWriteStream, modem: Dockerode['modem']): Duplex {
  const output = new PassThrough();
  const complaints = new PassThrough();
  let complaint = '';
  complaints.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  modem.demuxStream(raw, output, complaints);
  const stream = new Duplex({
    // Ended on one side is ended: a stream that waits to be used again must not be taken for alive.
    allowHalfOpen: false,
    read: () => void output.resume(),
    write: (chunk: Buffer, _encoding, done) => void raw.write(chunk, done),
    final: (done) => {
      raw.end();
      done();
    },
    destroy: (error, done) => {
      if (raw instanceof Duplex) raw.destroy();
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
  raw.once('error', (error: Error) => stream.destroy(error));
  return stream;
}
