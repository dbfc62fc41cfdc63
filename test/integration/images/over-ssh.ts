import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {Duplex} from 'node:stream';
import type {RigHost} from '../../rig/rig.ts';

/** Streams to a rig host's Docker, each through a real SSH connection of OpenSSH's client. */
export function dockerOverSsh(host: RigHost): () => Promise<Duplex> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ServerAliveInterval=1',
    'ServerAliveCountMax=3',
  ];
  return async () => {
    const child = spawn(
      'ssh',
      [
        ...['-i', host.keyFile, ...options.flatMap((option) => ['-o', option])],
        ...[`ops@${host.address}`, 'docker', 'system', 'dial-stdio'],
      ],
      {stdio: ['pipe', 'pipe', 'ignore']},
    );
    await once(child, 'spawn');
    const stream = Duplex.from({readable: child.stdout, writable: child.stdin});
    stream.on('close', () => child.kill());
    return stream;
  };
}
