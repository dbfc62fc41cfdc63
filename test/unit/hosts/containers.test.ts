import {describe, expect, it} from 'vitest';
import {logReader} from '../../../src/hosts/neighbours/hold/ask-docker.ts';
import {bytes, gib, mib} from '../../../src/base/units.ts';
import {imageProgramContainer} from '../../../src/hosts/docker/run-in-image.ts';
import type {EngineSpec, GatewaySpec} from '../../../src/hosts/index.ts';
import {
  engineContainer,
  gatewayContainer,
  tokenIn,
  watchContainer,
} from '../../../src/hosts/runtimes/docker/containers.ts';
import {specHash} from '../../../src/hosts/runtimes/docker/names.ts';
import {deploymentPaths} from '../../../src/hosts/runtimes/supervisor/paths.ts';
import {PROTOCOL} from '../../../src/hosts/runtimes/supervisor/wire.ts';

const paths = deploymentPaths('/var/lib/berth', 'demo');
const labels = {'dev.berth.deployment': 'demo', 'dev.berth.state': '/var/lib/berth/demo'};
/** What every container of ours is denied. */
const PROTECTED = {
  ReadonlyRootfs: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  PidsLimit: 1024,
  Tmpfs: {'/tmp': 'size=64m,mode=1777'},
  LogConfig: {Type: 'json-file', Config: {'max-size': '10m', 'max-file': '3'}},
};

const engine: EngineSpec = {
  release: 3,
  model: 'nano',
  healthPath: '/health',
  predictedPeakBytes: bytes(1000),
  argv: ['serve', '--host', '{address}', '--port', '{port}'],
  env: {TOKEN: '{token}'},
  container: {
    image: 'berth/llama-cpp:abc',
    mounts: [{path: '/weights', readOnly: true}],
    memoryBytes: gib(4),
    gpus: ['GPU-1'],
  },
};
const gateway: GatewaySpec = {
  url: 'http://127.0.0.1:8080',
  argv: ['berth-program', 'gateway/main'],
  env: {A: '1'},
  container: {
    image: 'berth/berth:abc',
    mounts: [{path: '/var/lib/berth/demo/door', readOnly: true}],
    publish: {address: '127.0.0.1', port: 8080},
  },
};

describe('what Docker is asked to run', () => {
  it('an engine: nobody, no port, no way out, its card and its limit', () => {
    const access = {address: '0.0.0.0', port: 8000, token: 'secret'};
    const needs = engine.container;
    expect(needs && engineContainer(paths, engine, needs, access)).toEqual({
      Image: 'berth/llama-cpp:abc',
      User: '65532:65532',
      WorkingDir: '/tmp',
      AttachStdout: true,
      AttachStderr: true,
      Cmd: ['serve', '--host', '0.0.0.0', '--port', '8000'],
      Env: ['HOME=/tmp', 'TOKEN=secret', 'BERTH_TOKEN=secret'],
      Labels: {
        ...labels,
        'dev.berth.role': 'engine',
        'dev.berth.spec': specHash(engine),
        'dev.berth.release': '3',
      },
      HostConfig: {
        ...PROTECTED,
        Memory: gib(4),
        Binds: ['/weights:/weights:ro'],
        NetworkMode: 'berth-demo',
        DeviceRequests: [{Driver: '', DeviceIDs: ['GPU-1'], Capabilities: [['gpu']]}],
      },
    });
  });

  it('a gateway: nobody, the one published port', () => {
    const needs = gateway.container;
    expect(needs && gatewayContainer(paths, gateway, needs, '/run/berth/g.sock')).toEqual({
      Image: 'berth/berth:abc',
      User: '65532:65532',
      WorkingDir: '/tmp',
      AttachStdout: true,
      AttachStderr: true,
      Cmd: ['berth-program', 'gateway/main'],
      Env: ['HOME=/tmp', 'A=1', 'BERTH_SUPERVISOR_SOCKET=/run/berth/g.sock'],
      Labels: {...labels, 'dev.berth.role': 'gateway', 'dev.berth.spec': specHash(gateway)},
      ExposedPorts: {'8080/tcp': {}},
      HostConfig: {
        ...PROTECTED,
        Binds: ['/var/lib/berth/demo/door:/var/lib/berth/demo/door:ro', 'berth-demo-run:/run/berth'],
        Memory: mib(512),
        NetworkMode: 'berth-demo-door',
        PortBindings: {'8080/tcp': [{HostIp: '127.0.0.1', HostPort: '8080'}]},
      },
    });
  });

  it('a watch: the account that keeps the state, the Docker socket, no port, and the only one that restarts', () => {
    const account = {uid: 1000, gid: 1000, dockerSocket: '/run/docker.sock', dockerGid: 998};
    const options = {stateRoot: '/var/lib/berth', deployment: 'demo', intent: 'begin'} as const;
    expect(watchContainer(paths, 'berth/berth:abc', account, options, undefined)).toEqual({
      Image: 'berth/berth:abc',
      Cmd: ['berth-program', 'hosts/runtimes/docker/watch/main', JSON.stringify(options)],
      Env: ['HOME=/tmp'],
      User: '1000:1000',
      WorkingDir: '/tmp',
      AttachStdout: true,
      AttachStderr: true,
      Labels: {...labels, 'dev.berth.role': 'watch', 'dev.berth.protocol': String(PROTOCOL)},
      HostConfig: {
        ...PROTECTED,
        GroupAdd: ['998'],
        Binds: [
          '/var/lib/berth/demo:/var/lib/berth/demo',
          '/run/docker.sock:/var/run/docker.sock',
          'berth-demo-run:/run/berth',
        ],
        Memory: mib(512),
        NetworkMode: 'berth-demo',
        RestartPolicy: {Name: 'unless-stopped'},
      },
    });
  });

  it('a watch that measures sees the processes, groups and cards of its host, and still has its limit', () => {
    const account = {uid: 0, gid: 0, dockerSocket: '/run/docker.sock', dockerGid: 0};
    const options = {stateRoot: '/var/lib/berth', deployment: 'demo', intent: 'begin'} as const;
    const sight = {mounts: [{path: '/var/lib/berth/.leases', readOnly: true}], gpus: ['GPU-1']};
    const {HostConfig} = watchContainer(paths, 'berth/berth:abc', account, options, sight);
    expect(HostConfig).toMatchObject({
      ...PROTECTED,
      PidMode: 'host',
      CgroupnsMode: 'host',
      CapAdd: ['SYS_PTRACE'],
      DeviceRequests: [{Driver: '', DeviceIDs: ['GPU-1'], Capabilities: [['gpu', 'utility']]}],
      Memory: mib(512),
    });
    expect(HostConfig?.Binds).toContain('/var/lib/berth/.leases:/var/lib/berth/.leases:ro');
    expect(HostConfig).not.toHaveProperty('PortBindings');
  });

  it('an observer sees every process and nothing else; an owner has its rights and a limit', () => {
    const program = {image: 'i', argv: ['p'] as const, network: false, mounts: [], gpus: false};
    expect(imageProgramContainer({...program, as: 'observer'}, '1:1')).toMatchObject({
      User: '0:0',
      HostConfig: {
        ...PROTECTED,
        NetworkMode: 'none',
        PidMode: 'host',
        CapAdd: ['SYS_PTRACE'],
        AutoRemove: true,
      },
    });
    const owner = imageProgramContainer(
      {...program, as: 'owner', network: true, mounts: [{path: '/w', readOnly: false}]},
      '1000:1000',
    );
    expect(owner).toMatchObject({
      User: '1000:1000',
      HostConfig: {...PROTECTED, NetworkMode: 'bridge', Binds: ['/w:/w'], Memory: gib(1)},
    });
    expect(owner.HostConfig).not.toHaveProperty('CapAdd');
    expect(owner.HostConfig).not.toHaveProperty('PidMode');
  });

  it('what reads the log of the kernel is root with that right alone, and asks for no card', () => {
    const {User, HostConfig} = logReader('i', ['dmesg']);
    expect(User).toBe('0:0');
    expect(HostConfig).toEqual({...PROTECTED, CapAdd: ['SYSLOG'], NetworkMode: 'none'});
  });

  it('a token is found again in the environment of its container', () => {
    expect(tokenIn(['HOME=/tmp', 'BERTH_TOKEN=a=b'])).toBe('a=b');
    expect(tokenIn(['HOME=/tmp'])).toBeUndefined();
  });

  it('a spec is known again after it was written and read', () => {
    expect(specHash(JSON.parse(JSON.stringify(engine)) as EngineSpec)).toBe(specHash(engine));
    expect(specHash({...engine, release: 4})).not.toBe(specHash(engine));
  });
});
