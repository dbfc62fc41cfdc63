import type {Duplex} from 'node:stream';
import type {ContainerCreateOptions} from 'dockerode';
import type {Duration} from '../../../base/units.ts';
import {MOMENTARY, protections} from '../../docker/container.ts';
import {imageOf, runningContainers, runToEnd} from '../../docker/plain.ts';
import {watchName} from '../../runtimes/docker/names.ts';

type Connect = () => Promise<Duplex>;

/** What shells and Docker say of a program that cannot be started, or is not there. */
const NOT_THERE = [126, 127];

type Ended = {state: 'ended'; code: number; stdout: string; stderr: string} | {state: 'late' | 'missing'};

/** What reads the log of the host's kernel: root, with that one right, and without the card, which may be lost. Pure. */
export const logReader = (image: string, argv: readonly string[]): ContainerCreateOptions => ({
  Image: image,
  Cmd: [...argv],
  User: '0:0',
  Labels: MOMENTARY,
  HostConfig: {
    ...protections(),
    CapAdd: ['SYSLOG'],
    NetworkMode: 'none',
  },
});

/**
 * Runs what reads the kernel's log in a container of a moment, of the image of a deployment's watch, which asks for
 * that itself: Docker lets nobody but root make use of the right that it takes.
 */
export const logOfHost =
  (connect: Connect, deployment: string) =>
  async (argv: readonly [string, ...string[]], {deadline}: {deadline: Duration}): Promise<Ended> => {
    const signal = AbortSignal.timeout(deadline);
    const docker = {connect, signal};
    try {
      const image = await imageOf(docker, watchName(deployment));
      const {code, stdout} = await runToEnd(docker, logReader(image, argv));
      return NOT_THERE.includes(code) ? {state: 'missing'} : {state: 'ended', code, stdout, stderr: ''};
    } catch {
      // An engine of Docker that does not answer, or refuses, has no such program for us either.
      return {state: signal.aborted ? 'late' : 'missing'};
    }
  };

/** Names of the containers that run on this machine, by id. Throws when they cannot be asked for in time. */
export const containersHere = (connect: Connect, deadline: Duration): Promise<ReadonlyMap<string, string>> =>
  runningContainers({connect, signal: AbortSignal.timeout(deadline)});
