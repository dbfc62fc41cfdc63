/**
 * What needs the libraries for SSH and Docker. They are loaded only when they are used: to load them takes longer
 * than most commands that work on this machine alone.
 */
import type {Texts} from '../base/texts/index.ts';
import type {HostCheck} from './check-schema.ts';
import type {DockerSeen} from './docker/examine.ts';
import type {Host} from './host.ts';
import type {HostRecord} from './registry.ts';
import type {AddHostOptions} from './ssh/add-host.ts';
import type {SshHost, SshHostOptions} from './ssh/ssh-host.ts';

/** A machine over SSH, connected. Dispose it. */
export async function openSshHost(options: SshHostOptions): Promise<SshHost> {
  const module = await import('./ssh/ssh-host.ts');
  return await module.openSshHost(options);
}

/** Makes a machine known: finds its key, has it trusted, logs in, and remembers it. */
export async function addHost(options: AddHostOptions): Promise<HostRecord> {
  const module = await import('./ssh/add-host.ts');
  return await module.addHost(options);
}

/** Proves that a machine can be reached and used; never fails because it cannot. */
export async function checkHost(name: string, open: () => Promise<Host>, texts: Texts): Promise<HostCheck> {
  const module = await import('./check.ts');
  return await module.checkHost(name, open, texts);
}

/** What a doctor wants to know of a host's Docker; throws why it cannot be used. */
export async function examineDocker(host: Pick<Host, 'connectDocker'>): Promise<DockerSeen> {
  const module = await import('./docker/examine.ts');
  return await module.examineDocker(host);
}
