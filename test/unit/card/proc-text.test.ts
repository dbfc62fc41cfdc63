import {describe, expect, it} from 'vitest';
import {
  containerIdOf,
  memoryGroupOf,
  parsePasswd,
  parseSizes,
  parseStat,
  parseUid,
} from '../../../src/card/cpu/proc-text.ts';

const id = 'a1'.repeat(32);

describe('containerIdOf', () => {
  it.each([
    ['v2, systemd', `0::/system.slice/docker-${id}.scope`],
    ['v2, cgroupfs', `0::/docker/${id}`],
    ['v1', `12:pids:/\n5:memory:/docker/${id}\n1:name=systemd:/docker/${id}`],
    ['Kubernetes', `0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${id}.scope`],
    ['podman', `0::/machine.slice/libpod-${id}.scope/container`],
  ])('reads %s', (_, text) => {
    expect(containerIdOf(text)).toBe(id);
  });

  it.each(['0::/user.slice/user-1000.slice/session-2.scope', '0::/', '', `0::/x/${id}b`])(
    'sees none in %j',
    (text) => {
      expect(containerIdOf(text)).toBeUndefined();
    },
  );
});

describe('memoryGroupOf', () => {
  it('prefers the memory controller of v1, as hybrid machines have both', () => {
    expect(memoryGroupOf('4:memory:/a/b\n0::/c')).toEqual({version: 1, path: '/a/b'});
    expect(memoryGroupOf('3:cpu,memory:/a\n')).toEqual({version: 1, path: '/a'});
    expect(memoryGroupOf('0::/user.slice\n')).toEqual({version: 2, path: '/user.slice'});
    expect(memoryGroupOf('')).toBeUndefined();
  });
});

describe('parseStat', () => {
  const tail = `S 7 ${'0 '.repeat(9)}30 12 ${'0 '.repeat(6)}4321 0 250 0`;

  it('counts fields from the last bracket, because names hold anything', () => {
    expect(parseStat(`42 (a) b (c) ${tail}`)).toEqual({
      name: 'a) b (c',
      parentPid: 7,
      startTicks: 4321,
      residentPages: 250,
      cpuTicks: 42,
    });
  });

  it('refuses what is cut short', () => {
    expect(parseStat('42 (a) S 7')).toBeUndefined();
    expect(parseStat('nonsense')).toBeUndefined();
  });
});

it('reads sizes, users and ids', () => {
  expect(parseSizes('VmHWM:\t    1756 kB\nThreads:\t1\n').get('VmHWM')).toBe(1756 * 1024);
  expect(parseUid('Name:\tx\nUid:\t1000\t1000\t1000\t1000\n')).toBe('1000');
  expect(parsePasswd('root:x:0:0::/root:/bin/sh\nann:x:1000:\n').get('1000')).toBe('ann');
});
