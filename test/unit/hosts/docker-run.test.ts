import {describe, expect, it} from 'vitest';
import {parseDockerRun} from '../../../src/hosts/neighbours/settle/docker-run.ts';
import {parseStarts} from '../../../src/hosts/neighbours/settle/starts.ts';

describe('docker run as it is typed', () => {
  it.each([
    ['alpine', [], 'alpine', []],
    ['-d --rm alpine sleep 5', ['--rm'], 'alpine', ['sleep', '5']],
    ['-dit alpine', ['-it'], 'alpine', []],
    ['-itd --name web alpine -d', ['-it', '--name', 'web'], 'alpine', ['-d']],
    [
      '--detach=true --gpus all -p8080:80 -e A=b img run --fast',
      ['--gpus', 'all', '-p8080:80', '-e', 'A=b'],
      'img',
      ['run', '--fast'],
    ],
    ['-p 1:1 --privileged --net=host -- img x', ['-p', '1:1', '--privileged', '--net=host'], 'img', ['x']],
    ['-dp 80:80 img', ['-p', '80:80'], 'img', []],
    ['--sig-proxy --device /dev/x:/dev/y:rw img', ['--device', '/dev/x:/dev/y:rw'], 'img', []],
    ['-P -v /a:/b img', ['-P', '-v', '/a:/b'], 'img', []],
  ])('%s', (typed, flags, image, argv) => {
    expect(parseDockerRun(typed.split(' '))).toEqual({flags, image, argv});
  });

  it.each(['', '-d', '--name', '--name web -it'])('names no image: "%s"', (typed) => {
    expect(parseDockerRun(typed.split(' ').filter((word) => word !== ''))).toBeUndefined();
  });
});

describe('when processes of another host started', () => {
  const stat = (pid: number, name: string, state: string, ticks: number): string =>
    `${pid} (${name}) ${state} 1 ${'0 '.repeat(17)}${ticks} 0 250 0`;

  it('is told by boot and tick, whatever they call themselves; who has ended is missing', () => {
    const text = ['boot-1', stat(7, 'a) b (c', 'S', 70), stat(8, 'gone', 'Z', 80), ''].join('\n');
    expect([...parseStarts(text)]).toEqual([[7, 'boot-1:70']]);
    expect([...parseStarts('')]).toEqual([]);
  });
});
