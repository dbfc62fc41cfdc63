import {describe, expect, it} from 'vitest';
import {ownerOf, type ContainerOwner} from '../../../src/card/index.ts';
import {containerIdOf, containersOf} from '../../../src/card/cpu/proc-text.ts';

const [a, b] = ['a1'.repeat(32), 'b2'.repeat(32)];
const POD = 'pod1b2c3d4e_5f60_7a8b_9c0d_1e2f3a4b5c6d';

describe('the containers that a cgroup text names', () => {
  it.each([
    ['docker, v2, systemd', `0::/system.slice/docker-${a}.scope\n`, [a]],
    ['docker, v2, cgroupfs', `0::/docker/${a}\n`, [a]],
    [
      'docker, v1, every controller',
      `12:pids:/docker/${a}\n11:memory:/docker/${a}\n1:name=systemd:/docker/${a}\n0::/\n`,
      [a],
    ],
    ['docker, v1, one controller mounted higher', `4:cpu:/\n3:memory:/docker/${a}\n`, [a]],
    ['docker with a parent slice of its own', `0::/berth.slice/berth-llm.slice/docker-${a}.scope`, [a]],
    ['a systemd inside a container', `0::/docker/${a}/system.slice/sshd.service`, [a]],
    [
      'containerd in Kubernetes, systemd',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-${POD}.slice/cri-containerd-${a}.scope`,
      [a],
    ],
    [
      'containerd in Kubernetes, cgroupfs',
      `0::/kubepods/burstable/pod1b2c3d4e-5f60-7a8b-9c0d-1e2f3a4b5c6d/${a}`,
      [a],
    ],
    [
      'containerd in Kubernetes, v1, joined by colons',
      `9:memory:/system.slice/containerd.service/kubepods-besteffort-${POD}.slice:cri-containerd:${a}`,
      [a],
    ],
    ['CRI-O', `0::/kubepods.slice/kubepods-${POD}.slice/crio-${a}.scope/container`, [a]],
    ['podman', `0::/machine.slice/libpod-${a}.scope/container`, [a]],
    [
      'podman without root',
      `0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${a}.scope/container`,
      [a],
    ],
    ['nerdctl', `0::/system.slice/nerdctl-${a}.scope`, [a]],
    ['seen from a cgroup namespace', `0::/../../docker-${a}.scope`, [a]],
    ['Docker inside a container', `0::/docker/${a}/docker/${b}`, [a, b]],
    [
      'Kubernetes inside a container (kind)',
      `0::/docker/${a}/kubelet.slice/kubelet-kubepods.slice/cri-containerd-${b}.scope`,
      [a, b],
    ],
    ['no container', '0::/user.slice/user-1000.slice/session-2.scope', []],
    ['a name that only resembles', `0::/docker/${a}0\n1:cpu:/x${a}\n`, []],
    ['nothing', '', []],
  ])('%s', (_, text, containers) => {
    expect(containersOf(text)).toEqual(containers);
    expect(containerIdOf(text)).toBe(containers[0]);
  });
});

describe('whose a process is', () => {
  const owners: ContainerOwner[] = [
    {containerId: a, kind: 'deployment', name: 'default'},
    {containerId: b.slice(0, 12), kind: 'lease', name: 'comfyui'},
  ];

  it.each([
    ['the deployment', {containerId: a}, {kind: 'deployment', name: 'default', containerId: a}],
    ['the lease, by a short id', {containerId: b}, {kind: 'lease', name: 'comfyui', containerId: b}],
    [
      'the innermost that is claimed',
      {containerId: a, containerPath: [a, b]},
      {kind: 'lease', name: 'comfyui', containerId: b},
    ],
    [
      'an outer one when the inner is not claimed',
      {containerId: a, containerPath: [a, 'c3'.repeat(32)]},
      {kind: 'deployment', name: 'default', containerId: a},
    ],
    [
      'a container that nobody claims',
      {containerId: 'c3'.repeat(32)},
      {kind: 'container', containerId: 'c3'.repeat(32)},
    ],
    ['the host', {}, {kind: 'host'}],
  ])('%s', (_, process, owner) => {
    expect(ownerOf(process, owners)).toEqual(owner);
  });

  it('no id is so short that it means everybody', () => {
    expect(ownerOf({containerId: a}, [{containerId: '', kind: 'lease', name: 'all'}])).toEqual({
      kind: 'container',
      containerId: a,
    });
  });
});
