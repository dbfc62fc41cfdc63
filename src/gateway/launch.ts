import {isIPv6} from 'node:net';
import {join} from 'node:path';
import {BerthError, ExitCode} from '../base/errors.ts';
import {imageProgram, ownProgram} from '../base/program.ts';
import type {GatewaySpec} from '../hosts/index.ts';
import type {GatewayConfig} from './config.ts';
import {isLoopback} from './keys/door-check.ts';
import {doorFolder, keyFilePath} from './keys/key-file.ts';

/** What the gateway program is told at its start: its configuration, and where it finds the key hashes. */
export interface LaunchSettings extends GatewayConfig {
  keyFile: string;
}

/** Environment variable that carries the settings, as JSON. They hold no secret. */
const SETTINGS = 'BERTH_GATEWAY';

/** Where a gateway is to run. */
export interface GatewayPlace {
  /** The deployment's own folder on the host. */
  stateFolder: string;
  /** The image it runs in; a plain process when undefined. */
  image?: string;
}

/**
 * How to start the gateway of a deployment.
 * Throws `gateway_open_to_all` when anybody on the network could use it without a key.
 */
export function gatewaySpec(config: GatewayConfig, {stateFolder, image}: GatewayPlace): GatewaySpec {
  requireClosedDoor(config);
  const settings: LaunchSettings = {
    ...config,
    // Inside a container it listens to all; who reaches it is decided by where its port is published.
    ...(image !== undefined && {address: '0.0.0.0'}),
    keyFile: keyFilePath(stateFolder),
  };
  return {
    argv: image === undefined ? ownProgram('main', import.meta.url) : imageProgram('gateway/main'),
    // Compiled code is kept: a restart takes half the time and the process 30 MB less.
    env: {
      [SETTINGS]: JSON.stringify(settings),
      NODE_COMPILE_CACHE:
        image === undefined ? join(stateFolder, 'compile-cache') : '/run/berth/compile-cache',
      // Its garbage is young and small: a small nursery keeps the process small and costs no time.
      NODE_OPTIONS: '--max-semi-space-size=2',
      // It works on one thread: an arena for each of V8's helpers would only hold freed memory back.
      MALLOC_ARENA_MAX: '1',
    },
    url: gatewayUrl(config.address, config.port),
    ...(image !== undefined && {
      container: {
        image,
        mounts: [{path: doorFolder(stateFolder), readOnly: true}],
        publish: {address: config.address, port: config.port},
      },
    }),
  };
}

/** Refuses `auth: none` on any address that others can reach. */
export function requireClosedDoor({auth, address}: Pick<GatewayConfig, 'auth' | 'address'>): void {
  if (auth === 'key' || isLoopback(address)) return;
  throw new BerthError({
    code: 'gateway_open_to_all',
    what: (t) => t.gateway.openToAll({address}),
    why: (t) => t.gateway.openToAllWhy,
    try: ['gateway.auth: key', 'gateway.address: 127.0.0.1'],
    exit: ExitCode.usage,
    details: {address},
  });
}

/** The settings a gateway program was started with. Written by `gatewaySpec`, so they are not checked again. */
export function readLaunch(env: NodeJS.ProcessEnv): LaunchSettings {
  const text = env[SETTINGS];
  if (text === undefined) throw new Error(`${SETTINGS} is not set: the gateway is started by its supervisor`);
  return JSON.parse(text) as LaunchSettings;
}

/** The address people use: a wildcard listens everywhere, and is reached on loopback. */
export function gatewayUrl(address: string, port: number): string {
  const reached = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
}
