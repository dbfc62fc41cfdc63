import {expect, it} from 'vitest';
import {dockerAddresses} from '../../../src/hosts/local/docker.ts';

it('looks where each platform keeps the socket of Docker', () => {
  expect(dockerAddresses({}, 'linux')).toEqual([{path: '/var/run/docker.sock'}]);
  expect(dockerAddresses({XDG_RUNTIME_DIR: '/run/user/7', HOME: '/home/me'}, 'linux')).toEqual([
    {path: '/var/run/docker.sock'},
    {path: '/run/user/7/docker.sock'},
    {path: '/home/me/.docker/run/docker.sock'},
  ]);
  expect(dockerAddresses({HOME: 'C:\\Users\\me'}, 'win32')).toEqual([{path: '\\\\.\\pipe\\docker_engine'}]);
});

it('looks only where DOCKER_HOST says', () => {
  const at = (DOCKER_HOST: string) => dockerAddresses({DOCKER_HOST, XDG_RUNTIME_DIR: '/run/user/7'}, 'linux');
  expect(at('unix:///tmp/d.sock')).toEqual([{path: '/tmp/d.sock'}]);
  expect(at('npipe:////./pipe/docker_engine')).toEqual([{path: '\\\\.\\pipe\\docker_engine'}]);
  expect(at('tcp://10.0.0.2:2376')).toEqual([{host: '10.0.0.2', port: 2376}]);
  expect(at('tcp://[::1]')).toEqual([{host: '::1', port: 2375}]);
});
