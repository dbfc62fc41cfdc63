/** What all containers of ours have in common, whoever starts them. */
import type Dockerode from 'dockerode';
import type {DeviceRequest, HostConfig} from 'dockerode';
import {apiStatus} from './failures.ts';

/** Rights that no program of ours needs are taken from all of them; logs and processes are bounded. */
export const protections = (): HostConfig => ({
  ReadonlyRootfs: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  PidsLimit: 1024,
  Tmpfs: {'/tmp': 'size=64m,mode=1777'},
  LogConfig: {Type: 'json-file', Config: {'max-size': '10m', 'max-file': '3'}},
});

/** Folders of the host, at the path that they have there. */
export const samePlace = (folders: readonly {path: string; readOnly: boolean}[]): string[] =>
  folders.map(({path, readOnly}) => `${path}:${path}${readOnly ? ':ro' : ''}`);

/** Every GPU of the host, or those by UUID or index; `to` names what of the driver is needed, `utility` to look only. */
export const gpuRequest = (gpus: 'all' | readonly string[], to: readonly string[] = []): DeviceRequest => ({
  Driver: '',
  ...(gpus === 'all' ? {Count: -1} : {DeviceIDs: [...gpus]}),
  Capabilities: [['gpu', ...to]],
});

/** What it takes to read how much memory the processes of other users hold. */
export const OBSERVING = ['SYS_PTRACE'];

/** Marks what is only there for a moment. */
export const MOMENTARY = {'dev.berth.role': 'agent'};

/** Removes a container, running or not; one that is gone or just going is fine. */
export const removeContainer = (container: Dockerode.Container): Promise<void> =>
  unless([404, 409], () => container.remove({v: true, force: true}));

/** Does it; an answer of the Docker API with one of these statuses is no failure. */
export async function unless(statuses: readonly number[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!statuses.includes(apiStatus(error) ?? 0)) throw error;
  }
}
